//! `ohe-telemetry identity`.

use std::io::{self, IsTerminal as _};

use chrono::SecondsFormat;
use clap::{Args, Subcommand};

use super::{install, print, print_text};
use crate::services::{IdentityStatus, IdentitySummary, ReregistrationOutcome, SkipReason};

/// Who did it, in the audit log.
const ACTOR: &str = "cli";

/// Show who this install is to the vendor, or register it anew.
#[derive(Debug, Args)]
pub(super) struct Identity {
    #[command(subcommand)]
    action: Option<Action>,
    /// As JSON, on a terminal too.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Register this install anew under the present administrator's address, in the place of the identity so far.
    Reregister,
}

impl Identity {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let install = install()?;
        let delivery = &install.services.delivery;
        let for_people = !self.json && io::stdout().is_terminal();
        match self.action {
            None => {
                let summary = delivery.identity_summary().await?;
                if for_people { print_text(summary_in_words(&summary)) } else { print(&summary) }
            }
            Some(Action::Reregister) => {
                let outcome = delivery.reregister(ACTOR).await?;
                if for_people { print_text(outcome_in_words(&outcome)) } else { print(&outcome) }
            }
        }
    }
}

fn summary_in_words(summary: &IdentitySummary) -> String {
    let state = match summary.status {
        IdentityStatus::Registered => "the vendor knows this install",
        IdentityStatus::Incomplete => "the vendor knows the customer, and this instance with the next delivery",
        IdentityStatus::Unregistered => "the vendor does not know this install yet",
    };
    let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
    let registered = match (summary.registered_at, summary.status) {
        (Some(at), _) => at.to_rfc3339_opts(SecondsFormat::Secs, true),
        (None, IdentityStatus::Unregistered) => "never".to_owned(),
        (None, _) => "by an earlier release".to_owned(),
    };
    let step = summary.customer_email_step.as_ref().map(|step| format!(" (found by: {step})")).unwrap_or_default();
    [
        format!("State       {state}"),
        format!("Customer    {}", or_none(&summary.customer_id)),
        format!("Instance    {}", or_none(&summary.instance_id)),
        format!("Address     {}{step}", or_none(&summary.customer_email)),
        format!("Registered  {registered}"),
        format!("Own id      {}", summary.cluster_id),
    ]
    .join("\n")
}

fn outcome_in_words(outcome: &ReregistrationOutcome) -> String {
    match outcome {
        ReregistrationOutcome::Completed { customer_id, instance_id, customer_email } => {
            format!("Registered as {customer_email}: customer {customer_id}, instance {instance_id}.")
        }
        ReregistrationOutcome::Skipped { reason: SkipReason::NoAdminEmail } => {
            "Nothing was changed: no administrator's e-mail address is known. Set OPENHANDS_ADMIN_EMAIL.".to_owned()
        }
        ReregistrationOutcome::Skipped { .. } => {
            "Nothing was changed: another process is talking to the vendor. Try again in a minute.".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(status: IdentityStatus) -> IdentitySummary {
        IdentitySummary {
            status,
            customer_id: None,
            instance_id: None,
            cluster_id: "0123".to_owned(),
            customer_email: None,
            customer_email_step: None,
            registered_at: None,
        }
    }

    #[test]
    fn an_identity_reads_as_lines() {
        let registered = IdentitySummary {
            customer_id: Some("cust_1".to_owned()),
            instance_id: Some("inst_1".to_owned()),
            customer_email: Some("a***@e***.com".to_owned()),
            customer_email_step: Some("configured".to_owned()),
            registered_at: Some("2025-11-09T02:00:00Z".parse().unwrap()),
            ..summary(IdentityStatus::Registered)
        };
        let lines = "State       the vendor knows this install\n\
                     Customer    cust_1\n\
                     Instance    inst_1\n\
                     Address     a***@e***.com (found by: configured)\n\
                     Registered  2025-11-09T02:00:00Z\n\
                     Own id      0123";
        assert_eq!(summary_in_words(&registered), lines);
        assert!(summary_in_words(&summary(IdentityStatus::Unregistered)).contains("Registered  never"));
        assert!(summary_in_words(&summary(IdentityStatus::Incomplete)).contains("Registered  by an earlier release"));
    }
}
