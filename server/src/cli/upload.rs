//! `ohe-telemetry upload`.

use super::output::{ForPeople, Output};
use super::words::skip_reason;
use super::{Reported, prepared_install};
use crate::services::DeliveryOutcome;

/// Delivers all waiting batches; fails where any of them could not be delivered.
pub(super) async fn run(output: Output) -> anyhow::Result<()> {
    let install = prepared_install().await?;
    let outcome = install.services.delivery.deliver().await?;
    output.print(&outcome)?;
    match outcome {
        DeliveryOutcome::Completed { failed, .. } if failed > 0 => Err(Reported.into()),
        _ => Ok(()),
    }
}

impl ForPeople for DeliveryOutcome {
    fn for_people(&self) -> String {
        let batches = |number: u64| match number {
            1 => "1 batch".to_owned(),
            _ => format!("{number} batches"),
        };
        match *self {
            Self::Completed { uploaded, failed: 0, .. } => format!("Delivered {}.", batches(uploaded)),
            Self::Completed { uploaded, failed, .. } => format!(
                "Delivered {}; {} could not be delivered. The log above says why; delivery is tried again by itself.",
                batches(uploaded),
                batches(failed)
            ),
            Self::NoPendingMetrics => "No batch waits for delivery.".to_owned(),
            Self::CheckedIn => "The vendor was told that this install is alive.".to_owned(),
            Self::Skipped { reason, .. } => format!("Nothing was sent. {}", skip_reason(reason)),
        }
    }
}
