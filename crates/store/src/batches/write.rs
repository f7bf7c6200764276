//! Storing batches, and taking them out of the queue and back.

use chrono::{DateTime, Utc};
use domain::collector::CollectorRun;
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{PgConnection, PgTransaction};
use uuid::Uuid;

use super::{Insertion, NewBatch};
use crate::text::one_line;
use crate::{Store, StoreError};

impl Store {
    /// Stores a collection with its runs, all or nothing; at most one batch for each slot, however many ask at once.
    ///
    /// # Errors
    /// Any [`StoreError`]; then nothing was stored.
    pub async fn insert_batch(&self, batch: &NewBatch) -> Result<Insertion, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let created = insert(&mut transaction, batch).await?;
        let insertion = match created {
            Some(id) => {
                insert_runs(&mut transaction, id, &batch.runs).await?;
                sqlx::query("DELETE FROM telemetry_empty_collections").execute(&mut *transaction).await?;
                Insertion::Created(id)
            }
            None => Insertion::AlreadyCollected(
                sqlx::query_scalar("SELECT id FROM telemetry_metrics WHERE slot = $1")
                    .bind(batch.slot)
                    .fetch_one(&mut *transaction)
                    .await?,
            ),
        };
        transaction.commit().await?;
        Ok(insertion)
    }

    /// Counts a collection that yielded no metric at all, instead of a batch. `collectors_run` is what each collector said.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn record_empty_collection(&self, at: DateTime<Utc>, collectors_run: &Value) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO telemetry_empty_collections AS known (id, tries, last_tried_at, collectors_run)
             VALUES (1, 1, $1, $2)
             ON CONFLICT (id) DO UPDATE
             SET tries = least(known.tries, 1000) + 1,
                 last_tried_at = excluded.last_tried_at,
                 collectors_run = excluded.collectors_run",
        )
        .bind(at)
        .bind(collectors_run)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Was a batch collected for this slot?
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn has_batch_of(&self, slot: DateTime<Utc>) -> Result<bool, StoreError> {
        Ok(sqlx::query_scalar("SELECT EXISTS (SELECT FROM telemetry_metrics WHERE slot = $1)")
            .bind(slot)
            .fetch_one(&self.pool)
            .await?)
    }

    /// Takes a pending batch out of the queue; one that was delivered or set aside before stays as it is. Was it pending?
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn set_aside(&self, batch_id: Uuid, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "UPDATE telemetry_metrics SET set_aside_at = $2
             WHERE id = $1 AND uploaded_at IS NULL AND set_aside_at IS NULL",
        )
        .bind(batch_id)
        .bind(at)
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Puts a batch that was set aside back into the queue. Was it set aside?
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn return_to_pending(&self, batch_id: Uuid) -> Result<bool, StoreError> {
        let done =
            sqlx::query("UPDATE telemetry_metrics SET set_aside_at = NULL WHERE id = $1 AND set_aside_at IS NOT NULL")
                .bind(batch_id)
                .execute(&self.pool)
                .await?;
        Ok(done.rows_affected() > 0)
    }
}

async fn insert(transaction: &mut PgTransaction<'_>, batch: &NewBatch) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar(
        "INSERT INTO telemetry_metrics
             (collected_at, slot, by_hand, metrics_data, ohe_generation, ohe_revision, metrics_answerable, metrics_known)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (slot) DO NOTHING RETURNING id",
    )
    .bind(batch.collected_at)
    .bind(batch.slot)
    .bind(batch.by_hand)
    .bind(Json(&batch.metrics))
    .bind(batch.database.generation.word())
    .bind(&batch.database.revision)
    .bind(i32::try_from(batch.database.answerable).unwrap_or(i32::MAX))
    .bind(i32::try_from(batch.database.known).unwrap_or(i32::MAX))
    .fetch_optional(&mut **transaction)
    .await
}

async fn insert_runs(connection: &mut PgConnection, batch_id: Uuid, runs: &[CollectorRun]) -> Result<(), sqlx::Error> {
    for run in runs {
        sqlx::query(
            "INSERT INTO telemetry_collector_runs
                 (batch_id, collector, status, detail, metric_count, duration_ms, missing)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(batch_id)
        .bind(&run.collector)
        .bind(run.status.word())
        .bind(run.status.detail().as_deref().map(one_line))
        .bind(i32::try_from(run.metric_count).unwrap_or(i32::MAX))
        .bind(i64::try_from(run.duration.as_millis()).unwrap_or(i64::MAX))
        .bind(Json(&run.missing))
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
