//! Marking batches by what became of an attempt, in the transaction that records it.

use chrono::{DateTime, Utc};
use sqlx::PgTransaction;
use uuid::Uuid;

use crate::Failure;
use crate::text::one_line;

/// Marks a batch as delivered. One that was delivered before stays as it is: it was only sent again.
pub(crate) async fn mark_delivered(
    transaction: &mut PgTransaction<'_>,
    batch_id: Uuid,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE telemetry_metrics
         SET uploaded_at = $2, upload_attempts = upload_attempts + 1, last_upload_error = NULL, set_aside_at = NULL
         WHERE id = $1 AND uploaded_at IS NULL",
    )
    .bind(batch_id)
    .bind(at)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Marks a batch as tried once more. One that was delivered before stays as it is.
pub(crate) async fn mark_failed(
    transaction: &mut PgTransaction<'_>,
    batch_id: Uuid,
    failure: &Failure,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE telemetry_metrics SET upload_attempts = upload_attempts + 1, last_upload_error = $2
         WHERE id = $1 AND uploaded_at IS NULL",
    )
    .bind(batch_id)
    .bind(one_line(&format!("{}: {}", failure.class, failure.message)))
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Sets aside the batches that the vendor refuses for their content, now that it has accepted another one in the attempt
/// `number`, and returns their ids.
///
/// These are the pending batches whose latest attempt is a refusal, with two exceptions, of which a next attempt decides:
/// - The refusal is older than the acceptance before this one. Then it was judged by that one already, and the batch has
///   been returned to the queue by hand since, or was spared.
/// - The accepted batch itself was refused since the acceptance before this one. Then the vendor was at fault for a while
///   and refused everything, and a batch counts as refused for its content only if it was refused again since: it comes
///   before the accepted one in the line and had its turn after that one's refusal.
pub(crate) async fn set_refused_aside(
    transaction: &mut PgTransaction<'_>,
    number: i64,
    accepted: Uuid,
    at: DateTime<Utc>,
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar(
        "WITH acceptance AS MATERIALIZED (
            SELECT batch.collected_at, batch.id, previous.number AS previous, (
                SELECT max(own.number) FROM telemetry_delivery_attempts AS own
                WHERE own.batch_id = batch.id AND own.call = 'metrics' AND own.outcome = 'rejected'
                    AND own.number > previous.number
            ) AS own_refusal
            FROM telemetry_metrics AS batch, (
                SELECT coalesce(max(number), 0) AS number FROM telemetry_delivery_attempts
                WHERE call = 'metrics' AND outcome = 'delivered' AND number < $1
            ) AS previous
            WHERE batch.id = $2
        )
        UPDATE telemetry_metrics AS batch SET set_aside_at = $3
        FROM acceptance, telemetry_delivery_attempts AS refusal
        WHERE refusal.call = 'metrics' AND refusal.outcome = 'rejected' AND refusal.number > acceptance.previous
            AND NOT EXISTS (
                SELECT FROM telemetry_delivery_attempts AS later
                WHERE later.batch_id = refusal.batch_id AND later.number > refusal.number
            )
            AND batch.id = refusal.batch_id AND batch.id <> acceptance.id
            AND batch.uploaded_at IS NULL AND batch.set_aside_at IS NULL
            AND (acceptance.own_refusal IS NULL
                OR refusal.number > acceptance.own_refusal
                    AND (batch.collected_at, batch.id) < (acceptance.collected_at, acceptance.id))
        RETURNING batch.id",
    )
    .bind(number)
    .bind(accepted)
    .bind(at)
    .fetch_all(&mut **transaction)
    .await
}
