//! The packages of this workspace by what they are compiled for.
//!
//! Packages in one group are compiled together, so that what they depend on is compiled once. The groups share no
//! command: the features of `app` for the server and for the browser would merge into something that nobody ships.

use crate::process;

/// What runs on the machine itself.
pub(crate) const HOST: [&str; 11] = [
    "app",
    "collectors",
    "domain",
    "keycloak",
    "ohe-telemetry",
    "outbound",
    "private-postgres",
    "replicated",
    "sample-data",
    "store",
    "xtask",
];

/// A command's options for one group.
pub(crate) struct Group {
    /// What the group is called in a heading.
    pub(crate) name: &'static str,
    options: String,
}

impl Group {
    /// Cargo's `subcommand` for this group.
    pub(crate) fn cargo(&self, subcommand: &str) -> std::process::Command {
        process::cargo(&format!("{subcommand} --quiet {}", self.options))
    }
}

/// What runs on the machine itself, with these kinds of target, for instance `--all-targets`.
pub(crate) fn host(targets: &str) -> Group {
    let packages = HOST.map(|name| format!("--package {name}")).join(" ");
    Group { name: "host", options: format!("{packages} --features app/ssr {targets}") }
}

/// What runs in a browser.
pub(crate) fn browser() -> [Group; 2] {
    const WASM: &str = "--lib --target wasm32-unknown-unknown";
    let dashboard = format!("--package app --package dashboard --features app/hydrate {WASM}");
    let banner = format!("--package banner {WASM}");
    [Group { name: "dashboard", options: dashboard }, Group { name: "banner", options: banner }]
}

/// The pure parts of the banner, for their tests. By itself: Leptos would have features for the server and the browser.
pub(crate) fn banner_on_host() -> Group {
    Group { name: "banner's words", options: "--package banner --lib".to_owned() }
}

/// What is published for others without what only we turn on: the client of the vendor's API.
pub(crate) fn published() -> Group {
    Group { name: "replicated alone", options: "--package replicated --lib".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::{cargo, output};

    #[test]
    fn every_package_is_in_a_group() {
        let metadata = output(&mut cargo("metadata --no-deps --offline --format-version 1")).unwrap();
        let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
        let members = metadata["packages"].as_array().unwrap().iter().map(|package| package["name"].as_str().unwrap());
        let mut members: Vec<_> = members.filter(|name| !["dashboard", "banner"].contains(name)).collect();
        members.sort_unstable();
        assert_eq!(members, HOST);
    }
}
