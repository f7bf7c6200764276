//! `ohe-telemetry identity`.

use clap::{Args, Subcommand};

use super::install;
use super::output::{ForPeople, Output, facts, time};
use super::words::skip_reason;
use crate::services::{IdentityStatus, IdentitySummary, ReregistrationOutcome};

/// Who did it, in the audit log.
const ACTOR: &str = "cli";

/// Show who this install is to the vendor, or register it anew.
#[derive(Debug, Args)]
pub(super) struct Identity {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Register this install anew under the present administrator's address, in the place of the identity so far.
    Reregister,
}

impl Identity {
    pub(super) async fn run(self, output: Output) -> anyhow::Result<()> {
        let install = install()?;
        let delivery = &install.services.delivery;
        match self.action {
            None => {
                install.services.store.require_current().await?;
                output.print(&delivery.identity_summary().await?)
            }
            Some(Action::Reregister) => {
                install.require_prepared().await?;
                output.print(&delivery.reregister(ACTOR).await?)
            }
        }
    }
}

impl ForPeople for IdentitySummary {
    fn for_people(&self) -> String {
        let state = match self.status {
            IdentityStatus::Registered => "the vendor knows this install",
            IdentityStatus::Incomplete => "the vendor knows the customer, and this instance with the next delivery",
            IdentityStatus::Unregistered => "the vendor does not know this install yet",
        };
        let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
        let registered = match (self.registered_at, self.status) {
            (Some(at), _) => time(at),
            (None, IdentityStatus::Unregistered) => "never".to_owned(),
            (None, _) => "by an earlier release".to_owned(),
        };
        let step = self.customer_email_step.as_ref().map(|step| format!(" (found by: {step})")).unwrap_or_default();
        facts([
            ("State", state.to_owned()),
            ("Customer", or_none(&self.customer_id)),
            ("Instance", or_none(&self.instance_id)),
            ("Address", format!("{}{step}", or_none(&self.customer_email))),
            ("Registered", registered),
            ("Own id", self.cluster_id.clone()),
        ])
    }
}

impl ForPeople for ReregistrationOutcome {
    fn for_people(&self) -> String {
        match self {
            Self::Completed { customer_id, instance_id, customer_email } => {
                format!("Registered as {customer_email}: customer {customer_id}, instance {instance_id}.")
            }
            Self::Skipped { reason } => format!("Nothing was changed. {}", skip_reason(*reason)),
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
        assert_eq!(registered.for_people(), lines);
        assert!(summary(IdentityStatus::Unregistered).for_people().contains("Registered  never"));
        assert!(summary(IdentityStatus::Incomplete).for_people().contains("Registered  by an earlier release"));
    }
}
