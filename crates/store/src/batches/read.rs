//! Finding batches: those that wait, and lists for the dashboard.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{FromRow, Row as _};
use uuid::Uuid;

use super::{Batch, BatchCursor, BatchDetail, BatchState, BatchSummary, MetricPoint, RunRecord};
use crate::{Store, StoreError};

impl Store {
    /// The batches that wait for delivery, oldest first, at most `limit`.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn pending_batches(&self, limit: u32) -> Result<Vec<Batch>, StoreError> {
        Ok(sqlx::query_as(
            "SELECT id, collected_at, metrics_data, upload_attempts FROM telemetry_metrics
             WHERE uploaded_at IS NULL AND set_aside_at IS NULL
             ORDER BY collected_at, id LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?)
    }

    /// The newest batch; none before the first collection.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn latest_batch(&self) -> Result<Option<Batch>, StoreError> {
        Ok(sqlx::query_as(
            "SELECT id, collected_at, metrics_data, upload_attempts FROM telemetry_metrics
             ORDER BY collected_at DESC, id DESC LIMIT 1",
        )
        .fetch_optional(&self.pool)
        .await?)
    }

    /// A page of at most `limit` batches, newest first: those after `cursor` in that order, and in `state` where one is given.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn list_batches(
        &self,
        state: Option<BatchState>,
        after: Option<BatchCursor>,
        limit: u32,
    ) -> Result<Vec<BatchSummary>, StoreError> {
        Ok(sqlx::query_as(
            "SELECT id, collected_at, slot, uploaded_at, set_aside_at, upload_attempts, last_upload_error,
                    (SELECT count(*)::int FROM jsonb_object_keys(metrics_data)) AS metric_count, created_at, updated_at
             FROM telemetry_metrics
             WHERE ($1::timestamptz IS NULL OR (collected_at, id) < ($1, $2))
                AND CASE $3
                    WHEN 'pending' THEN uploaded_at IS NULL AND set_aside_at IS NULL
                    WHEN 'delivered' THEN uploaded_at IS NOT NULL
                    WHEN 'set_aside' THEN set_aside_at IS NOT NULL
                    ELSE true
                END
             ORDER BY collected_at DESC, id DESC LIMIT $4",
        )
        .bind(after.map(|cursor| cursor.collected_at))
        .bind(after.map(|cursor| cursor.id))
        .bind(state.map(BatchState::word))
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?)
    }

    /// All that is known of one batch; none where there is no such batch.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn find_batch(&self, id: Uuid) -> Result<Option<BatchDetail>, StoreError> {
        let row = sqlx::query(
            "SELECT id, collected_at, slot, uploaded_at, set_aside_at, upload_attempts, last_upload_error,
                    (SELECT count(*)::int FROM jsonb_object_keys(metrics_data)) AS metric_count, created_at, updated_at,
                    metrics_data
             FROM telemetry_metrics WHERE id = $1",
        )
        .bind(id)
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let Json(metrics): Json<Map<String, Value>> = row.try_get("metrics_data")?;
        Ok(Some(BatchDetail {
            summary: BatchSummary::from_row(&row)?,
            metrics,
            runs: self.runs_of(id).await?,
            attempts: self.attempts_of(id).await?,
        }))
    }

    /// What the collectors did for the newest batch that any of them worked for, by name; empty before there is one.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn latest_runs(&self) -> Result<Vec<RunRecord>, StoreError> {
        let newest: Option<Uuid> = sqlx::query_scalar(
            "SELECT id FROM telemetry_metrics AS batch
             WHERE EXISTS (SELECT FROM telemetry_collector_runs WHERE batch_id = batch.id)
             ORDER BY collected_at DESC, id DESC LIMIT 1",
        )
        .fetch_optional(&self.pool)
        .await?;
        match newest {
            Some(id) => self.runs_of(id).await,
            None => Ok(Vec::new()),
        }
    }

    /// The values of one metric in the batches collected at or after `since`, oldest first; batches without it are left out.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn metric_history(&self, key: &str, since: DateTime<Utc>) -> Result<Vec<MetricPoint>, StoreError> {
        Ok(sqlx::query_as(
            "SELECT collected_at, metrics_data -> $1 AS value FROM telemetry_metrics
             WHERE collected_at >= $2 AND metrics_data ? $1 ORDER BY collected_at, id",
        )
        .bind(key)
        .bind(since)
        .fetch_all(&self.pool)
        .await?)
    }

    async fn runs_of(&self, batch_id: Uuid) -> Result<Vec<RunRecord>, StoreError> {
        Ok(sqlx::query_as(
            "SELECT batch_id, collected_at, collector, status, detail, metric_count, duration_ms
             FROM telemetry_collector_runs JOIN telemetry_metrics ON telemetry_metrics.id = batch_id
             WHERE batch_id = $1 ORDER BY collector",
        )
        .bind(batch_id)
        .fetch_all(&self.pool)
        .await?)
    }
}

impl FromRow<'_, PgRow> for RunRecord {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            batch_id: row.try_get("batch_id")?,
            collected_at: row.try_get("collected_at")?,
            collector: row.try_get("collector")?,
            status: row.try_get("status")?,
            detail: row.try_get("detail")?,
            metric_count: row.try_get::<i32, _>("metric_count")?.unsigned_abs(),
            duration: Duration::from_millis(row.try_get::<i64, _>("duration_ms")?.unsigned_abs()),
        })
    }
}
