//! `ohe-telemetry status`.

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use domain::license::{LicenseFacts, LicenseStatus};
use serde_json::json;

use super::{prepared_install, print, print_text};

/// Show what users see, and why.
#[derive(Debug, Args)]
pub(super) struct Status {
    /// As JSON.
    #[arg(long)]
    json: bool,
    /// What they would see at this time (RFC 3339) if nothing is delivered until then.
    #[arg(long, value_name = "T")]
    now: Option<DateTime<Utc>>,
}

impl Status {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let install = prepared_install().await?;
        let now = self.now.unwrap_or_else(|| install.services.clock.now());
        let facts = install.services.license.facts().await?;
        let status = domain::license::license_status(&facts, now);
        if !self.json {
            return print_text(in_words(&status, &facts, now));
        }
        let mut reply = serde_json::to_value(&status).unwrap_or_default();
        reply["now"] = json!(now);
        reply["facts"] = json!({
            "is_ohe": facts.is_ohe,
            "last_upload": facts.last_upload,
            "overdue_since": facts.overdue_since,
            "threshold_days": facts.threshold_days,
        });
        print(&reply)
    }
}

fn in_words(status: &LicenseStatus, facts: &LicenseFacts, now: DateTime<Utc>) -> String {
    let time = |at: Option<DateTime<Utc>>, none: &str| {
        at.map_or_else(|| none.to_owned(), |at| at.to_rfc3339_opts(SecondsFormat::Secs, true))
    };
    let shown = if status.warn { status.message.as_str() } else { "nothing" };
    [
        format!("License state   {} at {}", status.state.word(), time(Some(now), "")),
        format!("Users see       {shown}"),
        format!("Last delivery   {}", time(facts.last_upload, "never")),
        format!("Oldest waiting  {}", time(facts.overdue_since, "nothing waits")),
        format!("License ends    {}", time(status.expires_at, "not in question")),
    ]
    .join("\n")
}
