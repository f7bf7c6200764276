//! One run along the line of batches that are to be sent. What is sent next is said by [`domain::delivery::next_to_send`].

use domain::delivery::{ErrorClass, Fate, Next, next_to_send};
use replicated::MetricsBody;
use store::{Batch, ExclusiveRight, StoreError, WaitingBatch};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::session::{Message, Session};
use super::{DeliveryError, DeliveryService};

/// What a run came to so far.
#[derive(Default)]
pub(super) struct Tally {
    /// Pending batches that the vendor accepted.
    pub(super) uploaded: u64,
    /// Pending batches that failed.
    pub(super) failed: u64,
    /// How often the newest delivered batch was sent again and accepted. It counts as neither.
    pub(super) sent_again: u64,
    pub(super) is_rate_limited: bool,
    pub(super) had_pending: bool,
}

/// A place in the line.
#[derive(Clone, Copy)]
enum Place {
    /// A batch that waits for delivery.
    Pending(WaitingBatch),
    /// The newest delivered batch, should the portal show an older one when its turn comes.
    Again,
}

/// One run along the line.
pub(super) struct Run<'a> {
    service: &'a DeliveryService,
    pub(super) session: Session<'a>,
    pub(super) tally: Tally,
    line: Vec<Place>,
    /// Of each place, the number of the attempt that last tried it.
    last_tried: Vec<Option<i64>>,
    so_far: Vec<(usize, Fate)>,
}

impl<'a> Run<'a> {
    /// A run that sends through `session`.
    pub(super) fn new(service: &'a DeliveryService, session: Session<'a>) -> Self {
        let (line, last_tried, so_far) = (Vec::new(), Vec::new(), Vec::new());
        Self { service, session, tally: Tally::default(), line, last_tried, so_far }
    }

    /// Sends what the line holds, and what joins it meanwhile, until nothing is left or the rest would fare alike.
    pub(super) async fn deliver_all(
        &mut self,
        lock: &mut ExclusiveRight,
        stop: &CancellationToken,
    ) -> Result<(), DeliveryError> {
        loop {
            let index = match next_to_send(&self.last_tried, &self.so_far) {
                Next::Send(index) => index,
                Next::NothingLeft if self.lengthen_line().await? => continue,
                Next::NothingLeft | Next::End => return Ok(()),
            };
            let Some(&place) = self.line.get(index) else { return Ok(()) };
            if stop.is_cancelled() {
                return Ok(());
            }
            if !lock.is_held().await {
                warn!(
                    "the right to send was lost with its connection; the rest is left to the process that has it now"
                );
                return Ok(());
            }
            let fate = self.serve(place).await?;
            self.so_far.push((index, fate));
        }
    }

    /// Appends what is to be sent and not in the line yet. Is there any?
    async fn lengthen_line(&mut self) -> Result<bool, StoreError> {
        let before = self.line.len();
        let last = self.line.iter().rev().find_map(|place| match place {
            Place::Pending(batch) => Some(batch.cursor()),
            Place::Again => None,
        });
        for batch in self.service.store.line(last).await? {
            self.tally.had_pending = true;
            self.line.push(Place::Pending(batch));
            self.last_tried.push(batch.last_tried);
        }
        // Sent again once in a run: where it failed, it is due again later.
        let has_failed = self.so_far.iter().any(|&(index, fate)| {
            matches!(self.line.get(index), Some(Place::Again)) && matches!(fate, Fate::Failed(_))
        });
        if !has_failed && let Some(again) = self.service.store.find_batch_to_send_again().await? {
            self.line.push(Place::Again);
            self.last_tried.push(self.service.store.last_tried(again.id).await?);
        }
        Ok(self.line.len() > before)
    }

    async fn serve(&mut self, place: Place) -> Result<Fate, DeliveryError> {
        let batch = match place {
            Place::Pending(waiting) => self.service.store.find_pending_batch(waiting.id).await?,
            Place::Again => self.service.store.find_batch_to_send_again().await?,
        };
        let Some(batch) = batch else { return Ok(Fate::PassedOver) };
        let fate = self.send(&batch).await?;
        self.tally.is_rate_limited |= fate == Fate::Failed(ErrorClass::RateLimited);
        match (place, fate) {
            (Place::Pending(_), Fate::Accepted) => self.tally.uploaded += 1,
            (Place::Pending(_), Fate::Failed(_)) => self.tally.failed += 1,
            (Place::Again, Fate::Accepted) => self.tally.sent_again += 1,
            (Place::Again, Fate::Failed(_)) | (_, Fate::PassedOver) => {}
        }
        Ok(fate)
    }

    /// Sends one batch and records each attempt.
    async fn send(&mut self, batch: &Batch) -> Result<Fate, DeliveryError> {
        let result = match MetricsBody::of(&batch.metrics) {
            Ok(body) => {
                let message = Message::Metrics { batch_id: batch.id, body: &body };
                self.service.send(&mut self.session, message).await?
            }
            Err(error) => {
                let result = Err(error);
                self.service.end(&self.service.begin_delivery(batch.id, None), &result).await?;
                result
            }
        };
        Ok(result.map_or_else(|error| Fate::Failed(error.class), |_| Fate::Accepted))
    }
}
