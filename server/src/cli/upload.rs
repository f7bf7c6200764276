//! `ohe-telemetry upload`.

use super::{Reported, prepared_install, print};
use crate::services::DeliveryOutcome;

/// Delivers all waiting batches; fails where any of them could not be delivered.
pub(super) async fn run() -> anyhow::Result<()> {
    let install = prepared_install().await?;
    let outcome = install.services.delivery.deliver().await?;
    print(&outcome)?;
    match outcome {
        DeliveryOutcome::Completed { failed, .. } if failed > 0 => Err(Reported.into()),
        _ => Ok(()),
    }
}
