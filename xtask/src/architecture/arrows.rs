//! Which crates may not reach which others.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::process::{cargo, output};

/// One crate as it is compiled, and what must not be among its dependencies, however remote.
struct Rule {
    options: &'static str,
    forbidden: &'static [&'static str],
}

const DATABASE_AND_JOBS: [&str; 5] = ["apalis", "apalis-postgres", "reqwest", "sqlx", "store"];

const RULES: [Rule; 7] = [
    Rule { options: "--package domain", forbidden: &["apalis", "axum", "leptos", "reqwest", "sqlx", "tokio"] },
    Rule { options: "--package app --features ssr", forbidden: &DATABASE_AND_JOBS },
    Rule { options: "--package dashboard --target wasm32-unknown-unknown", forbidden: &DATABASE_AND_JOBS },
    Rule { options: "--package banner --target wasm32-unknown-unknown", forbidden: &["app", "chrono"] },
    Rule {
        options: "--package keycloak",
        forbidden: &["app", "axum", "collectors", "domain", "leptos", "replicated", "sqlx", "store"],
    },
    Rule {
        options: "--package outbound",
        forbidden: &["app", "axum", "collectors", "domain", "leptos", "replicated", "sqlx", "store"],
    },
    Rule { options: "--package replicated", forbidden: &["axum", "leptos", "sqlx"] },
];

pub(super) fn violations() -> Result<Vec<String>> {
    let mut violations = Vec::new();
    for rule in RULES {
        let tree = format!("tree --locked --edges normal --prefix none --format {{p}} {}", rule.options);
        let reached = names(&output(&mut cargo(&tree))?);
        let broken = rule.forbidden.iter().filter(|name| reached.contains(**name));
        violations.extend(broken.map(|name| format!("`cargo tree {}` has {name} in it", rule.options)));
    }
    Ok(violations)
}

fn names(tree: &str) -> BTreeSet<String> {
    tree.lines().filter_map(|line| line.split_whitespace().next()).map(ToOwned::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_of_a_line_is_the_crate() {
        let tree = "app v0.1.0 (/repository/app)\nserde v1.0.229\nserde v1.0.229 (*)\n";
        assert_eq!(names(tree), BTreeSet::from(["app".to_owned(), "serde".to_owned()]));
    }
}
