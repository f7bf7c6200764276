//! Recording each call to the vendor with its result.

use std::time::Instant;

use chrono::{DateTime, Utc};
use replicated::{MetricsBody, Reply};
use store::{Attempt, Call, Failure, StoreError};
use tracing::warn;
use uuid::Uuid;

use super::DeliveryService;

impl DeliveryService {
    pub(super) fn begin(&self, call: Call) -> OpenCall {
        OpenCall {
            id: Uuid::new_v4(),
            call,
            batch_id: None,
            body_sha256: None,
            started_at: self.clock.now(),
            started: Instant::now(),
        }
    }

    /// The same for a delivery of a batch. There is no body where the batch cannot be sent at all.
    pub(super) fn begin_delivery(&self, batch_id: Uuid, body: Option<&MetricsBody>) -> OpenCall {
        let body_sha256 = body.map(MetricsBody::sha256);
        OpenCall { batch_id: Some(batch_id), body_sha256, ..self.begin(Call::Metrics) }
    }

    /// Records a call with its result. Batches that are set aside by an acceptance are logged.
    pub(super) async fn end<T>(
        &self,
        open: &OpenCall,
        result: &Result<Reply<T>, replicated::Error>,
    ) -> Result<(), StoreError> {
        let (http_status, vendor_time, failure) = match result {
            Ok(reply) => (Some(reply.http_status), reply.vendor_time, None),
            Err(error) => {
                warn!(call = open.call.word(), class = %error.class, status = error.http_status, error = %error, "the vendor was not reached or refused");
                let failure =
                    Failure { class: error.class, message: error.message.clone(), retry_after: error.retry_after };
                (error.http_status, error.vendor_time, Some(failure))
            }
        };
        let attempt = Attempt {
            id: open.id,
            call: open.call,
            batch_id: open.batch_id,
            started_at: open.started_at,
            body_sha256: open.body_sha256.clone(),
            duration: open.started.elapsed(),
            http_status,
            vendor_clock_offset: vendor_time.map(|theirs| theirs - self.clock.now()),
            failure,
        };
        for batch in self.store.record_attempt(&attempt).await? {
            warn!(%batch, "the vendor refuses this batch and accepts others; it is set aside, and tried again only by hand");
        }
        Ok(())
    }
}

/// A call that is under way.
pub(super) struct OpenCall {
    id: Uuid,
    call: Call,
    batch_id: Option<Uuid>,
    body_sha256: Option<String>,
    started_at: DateTime<Utc>,
    started: Instant,
}
