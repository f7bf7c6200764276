//! The browser tests.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::outcome::Outcome;
use crate::end2end;
use crate::process::run_logged;

/// Playwright's report, as far as it is of use here.
#[derive(Deserialize)]
struct Report {
    stats: Stats,
}

#[derive(Deserialize)]
struct Stats {
    expected: u64,
    unexpected: u64,
    flaky: u64,
    skipped: u64,
}

/// Type-checks and runs them.
pub(super) fn run(log: &Path) -> Result<Outcome> {
    let mut outcome = Outcome::of(run_logged(&mut end2end::program("tsc", &["--noEmit"]), log)?);
    let report = log.with_extension("json");
    if report.exists() {
        fs::remove_file(&report)?;
    }
    let mut playwright = end2end::playwright(&["--project=browser", "--reporter=list,json"])?;
    playwright.env("PLAYWRIGHT_JSON_OUTPUT_FILE", &report);
    let succeeded = run_logged(&mut playwright, log)?;
    let counted = match fs::read_to_string(&report) {
        Ok(text) => count(&text)?,
        Err(_) => Outcome::default(),
    };
    outcome += counted.of_program(succeeded);
    Ok(outcome)
}

/// Skipped tests and those that passed at a second try are failures.
fn count(report: &str) -> Result<Outcome> {
    let Stats { expected, unexpected, flaky, skipped } =
        serde_json::from_str::<Report>(report).context("Playwright's report")?.stats;
    Ok(Outcome { passed: expected, failed: unexpected + flaky + skipped })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tests_that_ran_and_passed_at_once_count_as_passed() {
        let report =
            r#"{"suites": [], "stats": {"duration": 1.5, "expected": 7, "unexpected": 1, "flaky": 2, "skipped": 1}}"#;
        assert_eq!(count(report).unwrap(), Outcome { passed: 7, failed: 4 });
    }
}
