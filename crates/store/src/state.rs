//! The state of the system, derived from the rows.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::schedule::{EmptyTries, RetryAfter, State};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row as _};

use crate::batches::portal;
use crate::{Store, StoreError};

/// All that the schedule, the license rule and the overview ask of the database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreFacts {
    /// When the newest batch was collected.
    pub last_collection: Option<DateTime<Utc>>,
    /// When the newest batch was collected that nobody asked for by hand.
    pub last_scheduled_collection: Option<DateTime<Utc>>,
    /// The slot of that batch; `None` if it was an install's first.
    pub last_collection_slot: Option<DateTime<Utc>>,
    /// Collections since then that yielded no metric at all; `None` if the last one made a batch.
    pub empty_tries: Option<EmptyTries>,
    /// When a batch was last delivered.
    pub last_upload: Option<DateTime<Utc>>,
    /// When the oldest pending batch was collected; `None` if nothing is pending.
    pub overdue_since: Option<DateTime<Utc>>,
    /// Batches that wait for delivery.
    pub pending: u64,
    /// Does the vendor's portal show an older batch than the newest that was delivered? Then that one is to be sent again.
    pub portal_is_stale: bool,
    /// Is a process delivering at this moment? Asked only where there is something to send.
    pub is_sending: bool,
    /// Batches that the vendor refused.
    pub set_aside: u64,
    /// Has the vendor given this install a customer and an instance?
    pub has_identity: bool,
    /// When the last attempt to deliver began: a request with a batch, or one for the identity that failed.
    pub last_attempt: Option<DateTime<Utc>>,
    /// How often delivery has failed in a row: failures of the batch with which each run begins, and of requests for the
    /// identity, since the vendor last accepted any batch. A run begins with the oldest pending batch, or, where none is
    /// pending, with the one that is sent again. At least 1 where the oldest pending batch was ever tried, as it waits for
    /// a retry.
    pub failures_in_a_row: u32,
    /// What the vendor asked for when it last refused a request; `None` if it has accepted one since.
    pub retry_after: Option<RetryAfter>,
    /// When the vendor last accepted a check-in.
    pub last_check_in: Option<DateTime<Utc>>,
    /// When the last check-in began.
    pub last_check_in_attempt: Option<DateTime<Utc>>,
    /// Check-ins that failed since then.
    pub failed_check_ins: u32,
}

impl StoreFacts {
    /// What the schedule looks at.
    pub fn schedule_state(&self) -> State {
        State {
            last_collection: self.last_collection,
            last_scheduled_collection: self.last_scheduled_collection,
            last_collection_slot: self.last_collection_slot,
            empty_tries: self.empty_tries,
            oldest_pending: self.overdue_since,
            portal_is_stale: self.portal_is_stale,
            is_sending: self.is_sending,
            has_identity: self.has_identity,
            last_upload_attempt: self.last_attempt,
            failed_uploads: self.failures_in_a_row,
            retry_after: self.retry_after,
            last_check_in: self.last_check_in,
            last_check_in_attempt: self.last_check_in_attempt,
            failed_check_ins: self.failed_check_ins,
        }
    }
}

/// Each part is one look into an index, or a walk along the pending batches or the failures since the last success.
/// `$1` is now: what lies beyond it was written before the clock stepped back, and must not hold up what is due.
const FACTS: &str = concat!(
    "
WITH portal AS (",
    portal!(),
    "), newest AS (
    SELECT collected_at FROM telemetry_metrics WHERE collected_at <= $1 ORDER BY collected_at DESC, id DESC LIMIT 1
), scheduled AS (
    SELECT collected_at, slot FROM telemetry_metrics
    WHERE collected_at <= $1 AND NOT by_hand
    ORDER BY collected_at DESC, id DESC LIMIT 1
), oldest_pending AS (
    SELECT id, collected_at, upload_attempts FROM telemetry_metrics
    WHERE uploaded_at IS NULL AND set_aside_at IS NULL
    ORDER BY collected_at, id LIMIT 1
), success AS MATERIALIZED (
    SELECT (SELECT max(started_at) FROM telemetry_delivery_attempts
            WHERE call = 'metrics' AND outcome = 'delivered' AND started_at <= $1) AS metrics,
           (SELECT max(started_at) FROM telemetry_delivery_attempts
            WHERE call = 'check_in' AND outcome = 'delivered' AND started_at <= $1) AS check_in
), failure AS MATERIALIZED (
    SELECT call, latest.*
    FROM (VALUES ('customer'), ('instance'), ('metrics'), ('check_in')) AS calls (call)
    CROSS JOIN LATERAL (
        SELECT started_at, started_at + duration_ms * interval '1 millisecond' AS ended_at, retry_after_seconds
        FROM telemetry_delivery_attempts AS attempt
        WHERE attempt.call = calls.call AND outcome <> 'delivered' AND started_at <= $1
        ORDER BY started_at DESC LIMIT 1
    ) AS latest
), failed_upload AS (
    SELECT max(started_at) AS started_at FROM failure WHERE call <> 'check_in'
), refusal AS (
    SELECT failure.* FROM failure, success
    WHERE started_at > coalesce(greatest(success.metrics, success.check_in), '-infinity')
    ORDER BY started_at DESC LIMIT 1
)
SELECT
    newest.collected_at AS last_collection,
    scheduled.collected_at AS last_scheduled_collection,
    scheduled.slot AS last_collection_slot,
    empty.tries AS empty_tries,
    empty.last_tried_at,
    (SELECT max(uploaded_at) FROM telemetry_metrics) AS last_upload,
    oldest_pending.collected_at AS overdue_since,
    (SELECT count(*) FROM telemetry_metrics WHERE uploaded_at IS NULL AND set_aside_at IS NULL) AS pending,
    coalesce(portal.is_stale, false) AS portal_is_stale,
    (oldest_pending.id IS NOT NULL OR portal.is_stale) IS TRUE AND EXISTS (
        SELECT FROM pg_locks
        WHERE locktype = 'advisory' AND objsubid = 1
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND (classid::bigint << 32) | objid::bigint
                = hashtextextended('ohe-telemetry sender in ' || current_schema(), 0)
    ) AS is_sending,
    (SELECT count(*) FROM telemetry_metrics WHERE set_aside_at IS NOT NULL) AS set_aside,
    EXISTS (SELECT FROM telemetry_identity
            WHERE customer_id IS NOT NULL AND instance_id IS NOT NULL) AS has_identity,
    greatest(success.metrics, failed_upload.started_at) AS last_attempt,
    greatest(
        (SELECT count(*) FROM telemetry_delivery_attempts
         WHERE batch_id = oldest_pending.id AND outcome <> 'delivered'
            AND started_at > coalesce(success.metrics, '-infinity') AND started_at <= $1),
        CASE WHEN oldest_pending.upload_attempts > 0 THEN 1 ELSE 0 END,
        (SELECT count(*) FROM telemetry_delivery_attempts AS again
         WHERE oldest_pending.id IS NULL AND portal.is_stale
            AND again.batch_id = portal.newest AND outcome <> 'delivered'
            AND again.number > portal.number AND started_at <= $1)
    ) + (
        SELECT count(*) FROM telemetry_delivery_attempts
        WHERE call IN ('customer', 'instance') AND outcome <> 'delivered'
            AND started_at > coalesce(success.metrics, '-infinity') AND started_at <= $1
    ) AS failures_in_a_row,
    refusal.ended_at AS refused_at,
    refusal.retry_after_seconds,
    success.check_in AS last_check_in,
    greatest(success.check_in, (SELECT started_at FROM failure WHERE call = 'check_in')) AS last_check_in_attempt,
    (SELECT count(*) FROM telemetry_delivery_attempts
     WHERE call = 'check_in' AND outcome <> 'delivered'
        AND started_at > coalesce(success.check_in, '-infinity') AND started_at <= $1) AS failed_check_ins
FROM success
CROSS JOIN failed_upload
LEFT JOIN newest ON true
LEFT JOIN scheduled ON true
LEFT JOIN telemetry_empty_collections AS empty
    ON last_tried_at <= $1 AND last_tried_at > coalesce(newest.collected_at, '-infinity')
LEFT JOIN oldest_pending ON true
LEFT JOIN refusal ON true
LEFT JOIN portal ON true
"
);

impl Store {
    /// The state of the system at `now`, in one query that stays cheap however long the history is.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn facts(&self, now: DateTime<Utc>) -> Result<StoreFacts, StoreError> {
        Ok(sqlx::query_as(FACTS).bind(now).fetch_one(&self.pool).await?)
    }
}

impl FromRow<'_, PgRow> for StoreFacts {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let count = |column| row.try_get::<i64, _>(column).map(i64::unsigned_abs);
        let small_count = |column| count(column).map(|count| u32::try_from(count).unwrap_or(u32::MAX));
        Ok(Self {
            last_collection: row.try_get("last_collection")?,
            last_scheduled_collection: row.try_get("last_scheduled_collection")?,
            last_collection_slot: row.try_get("last_collection_slot")?,
            empty_tries: empty_tries(row)?,
            last_upload: row.try_get("last_upload")?,
            overdue_since: row.try_get("overdue_since")?,
            pending: count("pending")?,
            portal_is_stale: row.try_get("portal_is_stale")?,
            is_sending: row.try_get("is_sending")?,
            set_aside: count("set_aside")?,
            has_identity: row.try_get("has_identity")?,
            last_attempt: row.try_get("last_attempt")?,
            failures_in_a_row: small_count("failures_in_a_row")?,
            retry_after: retry_after(row)?,
            last_check_in: row.try_get("last_check_in")?,
            last_check_in_attempt: row.try_get("last_check_in_attempt")?,
            failed_check_ins: small_count("failed_check_ins")?,
        })
    }
}

fn empty_tries(row: &PgRow) -> Result<Option<EmptyTries>, sqlx::Error> {
    let tries: Option<i32> = row.try_get("empty_tries")?;
    let last: Option<DateTime<Utc>> = row.try_get("last_tried_at")?;
    Ok(tries.zip(last).map(|(tries, last)| EmptyTries { count: tries.unsigned_abs(), last }))
}

fn retry_after(row: &PgRow) -> Result<Option<RetryAfter>, sqlx::Error> {
    let seconds: Option<i64> = row.try_get("retry_after_seconds")?;
    let asked_at: Option<DateTime<Utc>> = row.try_get("refused_at")?;
    Ok(asked_at
        .zip(seconds)
        .map(|(asked_at, seconds)| RetryAfter { asked_at, wait: Duration::from_secs(seconds.unsigned_abs()) }))
}

#[cfg(test)]
mod tests {
    use private_postgres::testing::TestDatabase;
    use serde_json::Value;

    use super::*;

    /// A year in which nothing was delivered, after years in which all was.
    const LONG_HISTORY: &str = "
        INSERT INTO telemetry_metrics (id, collected_at, metrics_data, uploaded_at)
        SELECT gen_random_uuid(), at, jsonb_build_object('users', 1), CASE WHEN at < '2024-12-01Z' THEN at END
        FROM generate_series('2000-01-02Z'::timestamptz, '2025-11-09Z', '1 day') AS at;
        INSERT INTO telemetry_delivery_attempts (id, call, batch_id, started_at, duration_ms, outcome)
        SELECT gen_random_uuid(), 'metrics', id, uploaded_at, 100, 'delivered'
        FROM telemetry_metrics WHERE uploaded_at IS NOT NULL;
        INSERT INTO telemetry_delivery_attempts (id, call, batch_id, started_at, duration_ms, outcome)
        SELECT gen_random_uuid(), 'metrics', batch.id, at, 100, 'connect'
        FROM (SELECT id FROM telemetry_metrics WHERE uploaded_at IS NULL ORDER BY collected_at LIMIT 20) AS batch,
             generate_series('2025-01-01Z'::timestamptz, '2025-11-09Z', '4 hours') AS at;
        INSERT INTO telemetry_delivery_attempts (id, call, started_at, duration_ms, outcome)
        SELECT gen_random_uuid(), 'check_in', at, 100, 'delivered'
        FROM generate_series('2020-01-01Z'::timestamptz, '2024-12-01Z', '4 hours') AS at;
        ANALYZE";

    /// Rows that the scans of a plan took from tables, those that a filter threw away included.
    fn rows_visited(node: &Value) -> f64 {
        let figure = |name: &str| node[name].as_f64().unwrap_or_default();
        let own = if node["Relation Name"].is_string() {
            let rows = ["Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck"];
            rows.into_iter().map(figure).sum::<f64>() * figure("Actual Loops")
        } else {
            0.0
        };
        own + node["Plans"].as_array().into_iter().flatten().map(rows_visited).sum::<f64>()
    }

    /// Then all of it was delivered, the second newest batch last; since then the newest is sent again, and fails.
    const STALE_PORTAL: &str = "
        UPDATE telemetry_metrics SET uploaded_at = '2025-11-09T12:00:00Z' WHERE uploaded_at IS NULL;
        INSERT INTO telemetry_delivery_attempts (id, call, batch_id, started_at, duration_ms, outcome)
        SELECT gen_random_uuid(), 'metrics', id, '2025-11-09T12:00:00Z', 100, 'delivered'
        FROM telemetry_metrics WHERE collected_at = '2025-11-08Z';
        INSERT INTO telemetry_delivery_attempts (id, call, batch_id, started_at, duration_ms, outcome)
        SELECT gen_random_uuid(), 'metrics', batch.id, at, 100, 'connect'
        FROM (SELECT id FROM telemetry_metrics WHERE collected_at = '2025-11-09Z') AS batch,
             generate_series('2025-11-09T12:01:00Z'::timestamptz, '2025-11-09T23:59:00Z', '30 seconds') AS at;
        ANALYZE";

    /// Rows that the facts are made of, and rows that are visited for them.
    async fn needed_and_visited(database: &TestDatabase) -> (u64, f64) {
        let now: DateTime<Utc> = "2025-11-10T00:00:00Z".parse().unwrap();
        let explain = sqlx::AssertSqlSafe(format!("EXPLAIN (ANALYZE, FORMAT JSON) {FACTS}"));
        let plan: Value = sqlx::query_scalar(explain).bind(now).fetch_one(database.pool()).await.unwrap();
        let facts = Store::new(database.pool().clone()).facts(now).await.unwrap();
        (facts.pending + u64::from(facts.failures_in_a_row), rows_visited(&plan[0]["Plan"]))
    }

    #[tokio::test]
    async fn facts_visit_the_pending_batches_and_the_failures_since_the_last_success_and_nothing_else() {
        let database = TestDatabase::empty().await;
        Store::new(database.pool().clone()).migrate().await.unwrap();
        for history in [LONG_HISTORY, STALE_PORTAL] {
            sqlx::raw_sql(history).execute(database.pool()).await.unwrap();
            let all: i64 = sqlx::query_scalar("SELECT count(*) FROM telemetry_delivery_attempts")
                .fetch_one(database.pool())
                .await
                .unwrap();
            let (needed, visited) = needed_and_visited(&database).await;
            assert!(all > 50_000 && needed > 1_000, "{all} {needed}");
            assert!((1_000.0..3_000.0).contains(&visited), "{visited} of {all} for {needed} after {history}");
        }
    }
}
