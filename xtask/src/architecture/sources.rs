//! What source files may not be called, say or reach for.

/// Files longer than this are split by reason to change.
const LONGEST: usize = 500;
/// `lib.rs` and `main.rs` hold no logic.
const LONGEST_ROOT: usize = 120;

/// Names that say nothing of what is in a file.
const EMPTY_NAMES: [&str; 6] = ["utils", "util", "helpers", "common", "manager", "misc"];

/// What stands where something is left to do.
const UNFINISHED: [&str; 2] = [concat!("TO", "DO"), concat!("FIX", "ME")];

/// A text that may not stand in certain files.
struct Ban {
    /// Files that the ban is for: their path begins with one of these, and ends with one of the extensions.
    paths: &'static [&'static str],
    extensions: &'static [&'static str],
    text: &'static str,
    why: &'static str,
}

const EVERYWHERE: &[&str] = &[""];
const RUST: &[&str] = &["rs"];
const SCRIPT: &[&str] = &["ts", "tsx", "js", "mjs"];
const SOURCES: &[&str] = &["rs", "ts", "tsx", "js", "mjs", "css", "sql", "sh", "toml"];
/// All of the server's but its jobs.
const NOT_JOBS: &[&str] = &[
    "app/",
    "crates/",
    "frontend/",
    "server/src/auth",
    "server/src/cli",
    "server/src/config",
    "server/src/http",
    "server/src/services",
    "server/src/ui",
];
/// Where nothing knows of SQL. The jobs look into apalis' own tables, and the demo prepares OHE's.
const NO_SQL: &[&str] = &[
    "app/",
    "crates/domain",
    "crates/replicated",
    "frontend/",
    "server/src/auth",
    "server/src/cli",
    "server/src/config",
    "server/src/http",
    "server/src/services",
    "server/src/ui",
];

const BANS: [Ban; 15] = [
    Ban { paths: NOT_JOBS, extensions: RUST, text: "apalis", why: "apalis lives in server/src/jobs alone" },
    Ban { paths: &["server/src/services"], extensions: RUST, text: "axum", why: "services know no axum" },
    Ban { paths: &["server/src/services"], extensions: RUST, text: "crate::cli", why: "nothing points back up" },
    Ban { paths: &["server/src/services"], extensions: RUST, text: "crate::http", why: "nothing points back up" },
    Ban { paths: &["server/src/services"], extensions: RUST, text: "crate::jobs", why: "nothing points back up" },
    Ban { paths: &["server/src/services"], extensions: RUST, text: "crate::ui", why: "nothing points back up" },
    Ban { paths: NO_SQL, extensions: RUST, text: "sqlx::query", why: "SQL stands in store and collectors" },
    Ban { paths: EVERYWHERE, extensions: SOURCES, text: UNFINISHED[0], why: "finish it, or write an issue" },
    Ban { paths: EVERYWHERE, extensions: SOURCES, text: UNFINISHED[1], why: "finish it, or write an issue" },
    Ban { paths: EVERYWHERE, extensions: RUST, text: concat!("#[ig", "nore"), why: "a skipped test is a defect" },
    Ban { paths: EVERYWHERE, extensions: RUST, text: concat!("#[all", "ow("), why: "expect it, with a reason" },
    Ban { paths: &["end2end/"], extensions: SCRIPT, text: "waitForTimeout", why: "wait for an event" },
    Ban { paths: &["end2end/"], extensions: SCRIPT, text: "test.only", why: "all tests run" },
    Ban { paths: &["end2end/"], extensions: SCRIPT, text: "test.skip", why: "a skipped test is a defect" },
    Ban { paths: EVERYWHERE, extensions: &["package-lock.json"], text: "\"resolved\"", why: "no registry host names" },
];

/// What breaks a rule in the file `name`, a path from the root of the repository, with the content `text`.
pub(super) fn violations(name: &str, text: &str) -> Vec<String> {
    let mut violations = Vec::new();
    if is_one_of(name, &["rs", "ts", "tsx", "css"]) {
        let (lines, limit) = (text.lines().count(), longest(name));
        if lines > limit {
            violations.push(format!("{name}: {lines} lines, at most {limit}"));
        }
        let stem = name.rsplit('/').next().and_then(|file| file.split('.').next());
        if stem.is_some_and(|stem| EMPTY_NAMES.contains(&stem)) {
            violations.push(format!("{name}: a name that does not say what is in the file"));
        }
    }
    for ban in &BANS {
        if ban.paths.iter().any(|path| name.starts_with(path)) && is_one_of(name, ban.extensions) {
            let lines = text.lines().enumerate().filter(|(_, line)| code_of(line, name).contains(ban.text));
            violations.extend(lines.map(|(index, _)| format!("{name}:{}: {}: {}", index + 1, ban.text, ban.why)));
        }
    }
    violations
}

/// The line, without a comment that takes all of it where a language of ours has such: a rule may be explained there. What
/// is left to do is not explained but hidden in a comment, so that stays.
fn code_of<'a>(line: &'a str, name: &str) -> &'a str {
    let is_prose = is_one_of(name, RUST) && line.trim_start().starts_with("//");
    if is_prose && !UNFINISHED.iter().any(|word| line.contains(word)) { "" } else { line }
}

fn longest(name: &str) -> usize {
    if name.ends_with("src/lib.rs") || name.ends_with("src/main.rs") { LONGEST_ROOT } else { LONGEST }
}

fn is_one_of(name: &str, extensions: &[&str]) -> bool {
    extensions
        .iter()
        .any(|extension| name.strip_suffix(extension).is_some_and(|rest| rest.is_empty() || rest.ends_with(['.', '/'])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_finds_what_it_forbids_and_nothing_else() {
        let long = "//\n".repeat(501);
        for (name, text, expected) in [
            ("server/src/jobs/worker.rs", "use apalis::prelude::Worker;", 0),
            ("server/src/services/delivery.rs", "use apalis::prelude::Worker;", 1),
            ("server/src/services/delivery.rs", "use axum::Router;", 1),
            ("server/src/services/delivery.rs", "//! Knows no axum.", 0),
            ("server/src/services/delivery.rs", concat!("// TO", "DO retry"), 1),
            ("server/src/http/router.rs", "use axum::Router;", 0),
            ("app/src/api.rs", "sqlx::query(\"select 1\")", 1),
            ("crates/store/src/batches.rs", "sqlx::query(\"select 1\")", 0),
            ("crates/store/src/long.rs", long.as_str(), 1),
            ("docs/long.md", long.as_str(), 0),
            ("server/src/utils.rs", "", 1),
            ("end2end/tests/overview.spec.ts", "await page.waitForTimeout(100);", 1),
            ("end2end/package-lock.json", "\"resolved\": \"…\"", 1),
            ("end2end/package.json", "\"resolved\": \"…\"", 0),
        ] {
            assert_eq!(violations(name, text).len(), expected, "{name}: {:?}", violations(name, text));
        }
    }

    #[test]
    fn a_violation_names_its_line_and_its_reason() {
        let found = violations("server/src/services/license.rs", "//! The license.\nuse crate::http::Etag;\n");
        assert_eq!(found, ["server/src/services/license.rs:2: crate::http: nothing points back up"]);
    }

    #[test]
    fn the_root_of_a_crate_is_short() {
        let text = "//\n".repeat(121);
        assert_eq!(violations("crates/domain/src/lib.rs", &text).len(), 1);
        assert!(violations("crates/domain/src/license.rs", &text).is_empty());
    }
}
