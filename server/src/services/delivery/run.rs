//! One run over all waiting batches.

use domain::delivery::ErrorClass;
use store::{Batch, Call, ExclusiveRight};
use tokio_util::sync::CancellationToken;
use tracing::warn;
use uuid::Uuid;

use super::registration::Session;
use super::{DeliveryError, DeliveryService};

/// Batches read at a time; a delivery goes on until none waits.
const CHUNK: u32 = 50;
/// A run is given up after so many failures in a row that speak of the vendor and not of a batch: the rest would fare alike.
const UNREACHABLE_AFTER: u32 = 3;

/// What a run came to so far.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) uploaded: u64,
    pub(super) failed: u64,
    failures_of_the_vendor: u32,
    pub(super) is_rate_limited: bool,
    refused: Vec<Uuid>,
}

/// One run over all waiting batches.
pub(super) struct Run<'a> {
    service: &'a DeliveryService,
    pub(super) session: Session<'a>,
    pub(super) tally: Tally,
}

impl<'a> Run<'a> {
    /// A run that sends through `session`.
    pub(super) fn new(service: &'a DeliveryService, session: Session<'a>) -> Self {
        Self { service, session, tally: Tally::default() }
    }

    pub(super) async fn deliver_all(
        &mut self,
        lock: &mut ExclusiveRight,
        stop: &CancellationToken,
    ) -> Result<(), DeliveryError> {
        // A batch that failed stays pending; the run goes on behind it.
        let mut after = None;
        'chunks: loop {
            let batches = self.service.store.pending_batches(after, CHUNK).await?;
            let Some(last) = batches.last() else { break };
            after = Some(last.cursor());
            for batch in &batches {
                if stop.is_cancelled() {
                    break 'chunks;
                }
                if !lock.is_held().await {
                    warn!("the right to send was lost with its connection; the rest is left to whoever has it now");
                    break 'chunks;
                }
                if !self.deliver_one(batch).await? {
                    break 'chunks;
                }
            }
        }
        self.set_refused_aside().await
    }

    /// Sends one batch and records the attempt. Does it make sense to send the next?
    async fn deliver_one(&mut self, batch: &Batch) -> Result<bool, DeliveryError> {
        let call = self.service.begin(Call::Metrics, Some(batch.id));
        let result = self.session.send_metrics(&batch.metrics).await;
        self.service.store_renewed(&mut self.session).await?;
        self.service.end(&call, &result).await?;
        let Err(error) = result else {
            self.tally.uploaded += 1;
            self.tally.failures_of_the_vendor = 0;
            return Ok(true);
        };
        self.tally.failed += 1;
        if error.class == ErrorClass::Rejected {
            self.tally.refused.push(batch.id);
        }
        let is_the_batchs_own = matches!(error.class, ErrorClass::Rejected | ErrorClass::Vendor | ErrorClass::BadReply);
        self.tally.failures_of_the_vendor = if is_the_batchs_own { 0 } else { self.tally.failures_of_the_vendor + 1 };
        self.tally.is_rate_limited = error.class == ErrorClass::RateLimited;
        // Who is asked to slow down, or is not let in, does not knock again at once.
        let stop = matches!(error.class, ErrorClass::RateLimited | ErrorClass::Auth);
        Ok(!stop && self.tally.failures_of_the_vendor < UNREACHABLE_AFTER)
    }

    /// Batches that were refused while others were accepted are at fault themselves. Where nothing was accepted, the
    /// vendor may be; then they stay in line.
    async fn set_refused_aside(&self) -> Result<(), DeliveryError> {
        if self.tally.uploaded == 0 {
            return Ok(());
        }
        for &id in &self.tally.refused {
            if self.service.store.set_aside(id, self.service.clock.now()).await? {
                warn!(batch = %id, "the vendor refuses this batch and accepts others; it is set aside and tried again by hand alone");
            }
        }
        Ok(())
    }
}
