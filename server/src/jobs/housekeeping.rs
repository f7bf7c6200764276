//! What is done now and then by each process that runs jobs: old rows are removed, the clocks are compared.

use std::time::Duration;

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::ticker::describe;
use crate::install::Install;

/// How often.
const EVERY: Duration = Duration::from_hours(6);
/// Attempts are kept for a year and a little more, so that last year's month can be looked at.
const ATTEMPTS_RETENTION: TimeDelta = TimeDelta::days(400);

/// Keeps house until `shutdown`. A failure is logged; the next turn tries again.
pub(super) async fn keep_house(install: &Install, shutdown: &CancellationToken) {
    loop {
        let (pruned, compared) = (prune(install).await, install.services.clocks.check().await);
        if let Err(error) = pruned {
            warn!(error = describe(&*error), "old rows could not be removed");
        }
        if let Err(error) = compared {
            warn!(error = describe(&error), "the clocks could not be compared");
        }
        if shutdown.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none() {
            return;
        }
    }
}

async fn prune(install: &Install) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let attempts = install.services.job_store.prune_attempts(ATTEMPTS_RETENTION).await?;
    let jobs = install.queue.prune().await?;
    if attempts + jobs > 0 {
        info!(attempts, jobs, "old rows removed");
    }
    Ok(())
}
