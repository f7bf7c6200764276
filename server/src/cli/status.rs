//! `ohe-telemetry status`.

use anstyle::AnsiColor;
use chrono::{DateTime, Utc};
use clap::Args;
use domain::license::{LicenseFacts, LicenseStatus};
use serde::Serialize;

use super::install;
use super::output::{ForPeople, Output, coloured, facts, time};

/// Show what users see, and why.
#[derive(Debug, Args)]
pub(super) struct Status {
    /// What they would see at this time (RFC 3339) if nothing is delivered until then.
    #[arg(long, value_name = "T")]
    now: Option<DateTime<Utc>>,
}

/// The license status with what it follows from.
#[derive(Debug, Serialize)]
struct Report {
    #[serde(flatten)]
    status: LicenseStatus,
    now: DateTime<Utc>,
    facts: Facts,
}

#[derive(Debug, Serialize)]
struct Facts {
    is_ohe: bool,
    last_upload: Option<DateTime<Utc>>,
    overdue_since: Option<DateTime<Utc>>,
    threshold_days: u16,
}

impl Status {
    /// Only reads, so that a role that may do no more than that can run it.
    pub(super) async fn run(self, output: Output) -> anyhow::Result<()> {
        let install = install()?;
        install.services.store.require_current().await?;
        let now = self.now.unwrap_or_else(|| install.services.clock.now());
        let facts = install.services.license.facts().await?;
        let status = domain::license::license_status(&facts, now);
        let LicenseFacts { is_ohe, last_upload, overdue_since, threshold_days } = facts;
        output.print(&Report { status, now, facts: Facts { is_ohe, last_upload, overdue_since, threshold_days } })
    }
}

impl ForPeople for Report {
    fn for_people(&self) -> String {
        let Self { status, now, facts: known } = self;
        let (colour, shown) =
            if status.warn { (AnsiColor::Red, status.message.as_str()) } else { (AnsiColor::Green, "nothing") };
        let or = |at: Option<DateTime<Utc>>, none: &str| at.map_or_else(|| none.to_owned(), time);
        facts([
            ("License state", format!("{} at {}", coloured(colour, status.state.word()), time(*now))),
            ("Users see", shown.to_owned()),
            ("Last delivery", or(known.last_upload, "never")),
            ("Oldest waiting", or(known.overdue_since, "nothing waits")),
            ("License ends", or(status.expires_at, "not in question")),
        ])
    }
}
