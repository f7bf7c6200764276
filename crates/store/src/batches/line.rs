//! The line of batches that are to be sent.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Batch, BatchCursor};
use crate::{Store, StoreError};

/// A batch that waits for delivery, without its metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct WaitingBatch {
    /// Its id.
    pub id: Uuid,
    /// The instant that every metric describes.
    pub collected_at: DateTime<Utc>,
    /// The number of the last attempt to deliver it: a later attempt has a higher number. None where it was never tried.
    pub last_tried: Option<i64>,
}

impl WaitingBatch {
    /// The place of this batch in the line of those that wait, from which the next part goes on.
    pub fn cursor(&self) -> BatchCursor {
        BatchCursor { collected_at: self.collected_at, id: self.id }
    }
}

/// The vendor's portal as the attempts tell it: a part of a query that yields a row with the `newest` batch that was
/// delivered, whether the portal `is_stale` (the last set that it accepted is another batch's), and the `number` of the
/// attempt with that set. No row where nothing was delivered or no attempt is known. A batch without metrics cannot be sent
/// again: the vendor takes no empty set.
macro_rules! portal {
    () => {
        "SELECT newest.id AS newest, shown.number, shown.batch_id <> newest.id AS is_stale
         FROM (
            SELECT id FROM telemetry_metrics WHERE uploaded_at IS NOT NULL AND metrics_data <> '{}'
            ORDER BY collected_at DESC, id DESC LIMIT 1
         ) AS newest, (
            SELECT batch_id, number FROM telemetry_delivery_attempts
            WHERE call = 'metrics' AND outcome = 'delivered' ORDER BY number DESC LIMIT 1
         ) AS shown"
    };
}
pub(crate) use portal;

impl Store {
    /// The line of batches that wait for delivery, oldest first: those after `cursor` in that order.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn line(&self, after: Option<BatchCursor>) -> Result<Vec<WaitingBatch>, StoreError> {
        Ok(sqlx::query_as(
            "SELECT id, collected_at, (
                SELECT max(number) FROM telemetry_delivery_attempts WHERE batch_id = telemetry_metrics.id
             ) AS last_tried
             FROM telemetry_metrics
             WHERE uploaded_at IS NULL AND set_aside_at IS NULL
                AND ($1::timestamptz IS NULL OR (collected_at, id) > ($1, $2))
             ORDER BY collected_at, id",
        )
        .bind(after.map(|cursor| cursor.collected_at))
        .bind(after.map(|cursor| cursor.id))
        .fetch_all(&self.pool)
        .await?)
    }

    /// The number of the last attempt to deliver this batch; `None` if it was never tried.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn last_tried(&self, id: Uuid) -> Result<Option<i64>, StoreError> {
        Ok(sqlx::query_scalar("SELECT max(number) FROM telemetry_delivery_attempts WHERE batch_id = $1")
            .bind(id)
            .fetch_one(&self.pool)
            .await?)
    }

    /// A batch that waits for delivery; `None` if it does not, or no longer.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn find_pending_batch(&self, id: Uuid) -> Result<Option<Batch>, StoreError> {
        Ok(sqlx::query_as(
            "SELECT id, collected_at, metrics_data, upload_attempts FROM telemetry_metrics
             WHERE id = $1 AND uploaded_at IS NULL AND set_aside_at IS NULL",
        )
        .bind(id)
        .fetch_optional(&self.pool)
        .await?)
    }

    /// The newest batch that was delivered, where the vendor's portal shows another one: an older one got through after
    /// it. It is to be sent again.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn find_batch_to_send_again(&self) -> Result<Option<Batch>, StoreError> {
        Ok(sqlx::query_as(concat!(
            "SELECT id, collected_at, metrics_data, upload_attempts FROM telemetry_metrics
             WHERE id = (SELECT newest FROM (",
            portal!(),
            ") AS portal WHERE is_stale)"
        ))
        .fetch_optional(&self.pool)
        .await?)
    }
}
