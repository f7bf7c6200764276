//! Finding batches: those that wait, and lists for the dashboard.

use std::time::Duration;

use domain::ohe::OheDatabase;
use serde_json::{Map, Value};
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{FromRow, Row as _};
use uuid::Uuid;

use super::{Batch, BatchCounts, BatchCursor, BatchDetail, BatchState, BatchSummary, MetricPoint, RunRecord};
use crate::{Store, StoreError};

impl Store {
    /// The batches that wait for delivery, oldest first, at most `limit`: those after `cursor` in that order.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn pending_batches(&self, after: Option<BatchCursor>, limit: u32) -> Result<Vec<Batch>, StoreError> {
        Ok(sqlx::query_as(
            "SELECT id, collected_at, metrics_data, upload_attempts FROM telemetry_metrics
             WHERE uploaded_at IS NULL AND set_aside_at IS NULL
                AND ($1::timestamptz IS NULL OR (collected_at, id) > ($1, $2))
             ORDER BY collected_at, id LIMIT $3",
        )
        .bind(after.map(|cursor| cursor.collected_at))
        .bind(after.map(|cursor| cursor.id))
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?)
    }

    /// The newest `limit` batches with their metrics, newest first.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn recent_batches(&self, limit: u32) -> Result<Vec<Batch>, StoreError> {
        Ok(sqlx::query_as(
            "SELECT id, collected_at, metrics_data, upload_attempts FROM telemetry_metrics
             ORDER BY collected_at DESC, id DESC LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?)
    }

    /// A page of at most `limit` batches, newest first, in `state` where one is given; `offset` of them are passed over.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn list_batches(
        &self,
        state: Option<BatchState>,
        offset: u64,
        limit: u32,
    ) -> Result<Vec<BatchSummary>, StoreError> {
        Ok(sqlx::query_as(
            "SELECT id, collected_at, slot, uploaded_at, set_aside_at, upload_attempts, last_upload_error,
                    (SELECT count(*)::int FROM jsonb_object_keys(metrics_data)) AS metric_count, created_at, updated_at
             FROM telemetry_metrics
             WHERE CASE $1
                    WHEN 'pending' THEN uploaded_at IS NULL AND set_aside_at IS NULL
                    WHEN 'delivered' THEN uploaded_at IS NOT NULL
                    WHEN 'set_aside' THEN set_aside_at IS NOT NULL
                    ELSE true
                END
             ORDER BY collected_at DESC, id DESC OFFSET $2 LIMIT $3",
        )
        .bind(state.map(BatchState::word))
        .bind(i64::try_from(offset).unwrap_or(i64::MAX))
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?)
    }

    /// How many batches there are in each state.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn count_batches(&self) -> Result<BatchCounts, StoreError> {
        let (pending, delivered, set_aside): (i64, i64, i64) = sqlx::query_as(
            "SELECT count(*) FILTER (WHERE uploaded_at IS NULL AND set_aside_at IS NULL),
                    count(uploaded_at), count(set_aside_at) FROM telemetry_metrics",
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(BatchCounts {
            pending: pending.unsigned_abs(),
            delivered: delivered.unsigned_abs(),
            set_aside: set_aside.unsigned_abs(),
        })
    }

    /// All that is known of one batch; `None` if there is no such batch.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn find_batch(&self, id: Uuid) -> Result<Option<BatchDetail>, StoreError> {
        let row = sqlx::query(
            "SELECT id, collected_at, slot, uploaded_at, set_aside_at, upload_attempts, last_upload_error,
                    (SELECT count(*)::int FROM jsonb_object_keys(metrics_data)) AS metric_count, created_at, updated_at,
                    metrics_data, ohe_generation, ohe_revision, metrics_answerable, metrics_known
             FROM telemetry_metrics WHERE id = $1",
        )
        .bind(id)
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let Json(metrics): Json<Map<String, Value>> = row.try_get("metrics_data")?;
        Ok(Some(BatchDetail {
            summary: BatchSummary::from_row(&row)?,
            database: ohe_database(&row)?,
            metrics,
            runs: self.runs_of(id).await?,
            attempts: self.attempts_of(id).await?,
        }))
    }

    /// OHE's database as the newest collection found it; none before the first of this release.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn last_ohe_database(&self) -> Result<Option<OheDatabase>, StoreError> {
        let row = sqlx::query(
            "SELECT ohe_generation, ohe_revision, metrics_answerable, metrics_known FROM telemetry_metrics
             ORDER BY collected_at DESC, id DESC LIMIT 1",
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| ohe_database(&row)).transpose()?.flatten())
    }

    /// The last run of each collector that ever ran, by name.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn last_runs(&self) -> Result<Vec<RunRecord>, StoreError> {
        Ok(sqlx::query_as(
            "SELECT DISTINCT ON (collector) batch_id, collected_at, collector, status, detail, metric_count, duration_ms, missing
             FROM telemetry_collector_runs JOIN telemetry_metrics ON telemetry_metrics.id = batch_id
             ORDER BY collector, collected_at DESC, batch_id DESC",
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// One metric in the newest `limit` batches, oldest first.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn metric_points(&self, key: &str, limit: u32) -> Result<Vec<MetricPoint>, StoreError> {
        Ok(sqlx::query_as(
            "SELECT * FROM (
                SELECT id AS batch_id, collected_at, metrics_data -> $1 AS value FROM telemetry_metrics
                ORDER BY collected_at DESC, id DESC LIMIT $2
             ) AS newest ORDER BY collected_at, batch_id",
        )
        .bind(key)
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?)
    }

    async fn runs_of(&self, batch_id: Uuid) -> Result<Vec<RunRecord>, StoreError> {
        Ok(sqlx::query_as(
            "SELECT batch_id, collected_at, collector, status, detail, metric_count, duration_ms, missing
             FROM telemetry_collector_runs JOIN telemetry_metrics ON telemetry_metrics.id = batch_id
             WHERE batch_id = $1 ORDER BY collector",
        )
        .bind(batch_id)
        .fetch_all(&self.pool)
        .await?)
    }
}

/// None in batches of an earlier release; neither where a later one has stored what this one does not know.
fn ohe_database(row: &PgRow) -> Result<Option<OheDatabase>, sqlx::Error> {
    let generation: Option<String> = row.try_get("ohe_generation")?;
    let Some(generation) = generation.and_then(|word| word.parse().ok()) else { return Ok(None) };
    let count = |column| row.try_get::<Option<i32>, _>(column).map(|count| count.unwrap_or_default().unsigned_abs());
    Ok(Some(OheDatabase {
        generation,
        revision: row.try_get("ohe_revision")?,
        answerable: count("metrics_answerable")?,
        known: count("metrics_known")?,
    }))
}

impl FromRow<'_, PgRow> for RunRecord {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            batch_id: row.try_get("batch_id")?,
            collected_at: row.try_get("collected_at")?,
            collector: row.try_get("collector")?,
            status: row.try_get("status")?,
            detail: row.try_get("detail")?,
            missing: row.try_get::<Json<_>, _>("missing")?.0,
            metric_count: row.try_get::<i32, _>("metric_count")?.unsigned_abs(),
            duration: Duration::from_millis(row.try_get::<i64, _>("duration_ms")?.unsigned_abs()),
        })
    }
}
