//! `ohe-telemetry doctor`.

mod administrator;
mod database;
mod ohe;

use std::sync::Arc;

use anstyle::AnsiColor;
use comfy_table::{Cell, Color};
use domain::clock::SystemClock;
use serde::Serialize;

use super::Reported;
use super::output::{ForPeople, Output, coloured, count, table};
use crate::config::Config;
use crate::install::Install;

/// What was found.
#[derive(Debug, Serialize)]
struct Report {
    status: &'static str,
    checks: Vec<Check>,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    verdict: Verdict,
    /// What was found, and what helps. More than one line where there is more to say.
    detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Ok,
    Warning,
    Failed,
}

/// Checks everything this install needs. Calls nobody but the database and Keycloak, and changes nothing but the record of
/// the latest look-up of the administrator, so that a refused password is not tried again at each call.
pub(super) async fn run(output: Output) -> anyhow::Result<()> {
    let config = Config::from_process()?;
    let install = Install::new(&config, Arc::new(SystemClock))?;
    let mut checks = vec![ohe::is_ohe(&config), publishable_key(&config), database::answers(&install).await];
    if is_ok(&checks, "database") {
        checks.push(database::tables(&install).await);
        checks.push(database::queue(&install).await);
        checks.extend(ohe::database(&install).await);
    }
    if is_ok(&checks, "tables") {
        checks.push(administrator::check(&install).await);
        checks.push(database::clocks(&install).await);
    }
    let failed = checks.iter().any(|check| check.verdict == Verdict::Failed);
    output.print(&Report { status: if failed { "failed" } else { "completed" }, checks })?;
    if failed { Err(Reported.into()) } else { Ok(()) }
}

fn is_ok(checks: &[Check], name: &str) -> bool {
    checks.iter().any(|check| check.name == name && check.verdict == Verdict::Ok)
}

fn check(name: &'static str, verdict: Verdict, detail: impl Into<String>) -> Check {
    Check { name, verdict, detail: detail.into() }
}

fn failed(name: &'static str, error: impl Into<anyhow::Error>) -> Check {
    check(name, Verdict::Failed, format!("{:#}", error.into()))
}

fn publishable_key(config: &Config) -> Check {
    match config.vendor.publishable_key {
        Some(_) => check("publishable_key", Verdict::Ok, "REPLICATED_PUBLISHABLE_KEY is set"),
        None => {
            check("publishable_key", Verdict::Failed, "REPLICATED_PUBLISHABLE_KEY is not set; nothing can be delivered")
        }
    }
}

impl ForPeople for Report {
    fn for_people(&self) -> String {
        let rows = self.checks.iter().map(|check| {
            let (word, colour) = match check.verdict {
                Verdict::Ok => ("ok", Color::Green),
                Verdict::Warning => ("warning", Color::Yellow),
                Verdict::Failed => ("failed", Color::Red),
            };
            [Cell::new(check.name), Cell::new(word).fg(colour), Cell::new(&check.detail)]
        });
        let number = |verdict| self.checks.iter().filter(|check| check.verdict == verdict).count();
        let sum = match (number(Verdict::Failed), number(Verdict::Warning)) {
            (0, 0) => coloured(AnsiColor::Green, "All is well."),
            (0, warnings) => coloured(AnsiColor::Yellow, count(warnings, "warning")),
            (failures, warnings) => {
                coloured(AnsiColor::Red, format!("{}, {}", count(failures, "failure"), count(warnings, "warning")))
            }
        };
        format!("{}\n\n{sum}", table(["check", "verdict", "what was found, and what helps"], rows))
    }
}
