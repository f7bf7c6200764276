//! Every request to the vendor: when, how long, and what came of it.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::delivery::ErrorClass;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgTransaction, Row as _};
use uuid::Uuid;

use crate::batches::{mark_delivered, mark_failed, set_refused_aside};
use crate::text::one_line;
use crate::{Store, StoreError};

/// What the vendor was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    /// Who are we? Answered with the customer and a token.
    Customer,
    /// Which instance of the customer's are we?
    Instance,
    /// Delivery of a batch.
    Metrics,
    /// A sign of life.
    CheckIn,
}

impl Call {
    /// The word under which the call is stored and shown: `customer`, `instance`, `metrics`, `check_in`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Instance => "instance",
            Self::Metrics => "metrics",
            Self::CheckIn => "check_in",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::Customer, Self::Instance, Self::Metrics, Self::CheckIn].into_iter().find(|call| call.word() == word)
    }
}

/// One request to the vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Chosen by the caller, who may thus record an attempt again when a lost connection leaves in doubt whether it was.
    pub id: Uuid,
    /// What was asked for.
    pub call: Call,
    /// The batch that it carried, if any.
    pub batch_id: Option<Uuid>,
    /// When the request began.
    pub started_at: DateTime<Utc>,
    /// The SHA-256 of the body with a batch's metrics, as 64 lower-case hexadecimal digits; `None` if no batch was sent.
    pub body_sha256: Option<String>,
    /// From there to its end; kept to the millisecond.
    pub duration: Duration,
    /// The status of the reply, where there was one.
    pub http_status: Option<u16>,
    /// How far the vendor's clock was ahead of ours, where the reply told; kept to the millisecond.
    pub vendor_clock_offset: Option<TimeDelta>,
    /// What went wrong; `None` if the vendor accepted.
    pub failure: Option<Failure>,
}

/// Why a request failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The class.
    pub class: ErrorClass,
    /// The reason in words, free of secrets and e-mail addresses. Stored as one line of bounded length.
    pub message: String,
    /// How long the vendor asked to be left alone; kept to the second.
    pub retry_after: Option<Duration>,
}

const DELIVERED: &str = "delivered";

impl Store {
    /// Records a request, and in the same transaction marks the batch that it carried, if any: as delivered where the
    /// vendor accepted it, else as tried once more, with the error.
    ///
    /// An accepted batch also shows which others are at fault themselves: in the same transaction those that the vendor
    /// refuses for their content are set aside, and their ids are returned.
    ///
    /// Recording the same attempt again changes nothing. A batch is marked as delivered once; where it is sent again, its
    /// row does not change. A batch that had been set aside and is delivered is set aside no longer.
    ///
    /// # Errors
    /// Any [`StoreError`]; then nothing was recorded. [`StoreError::Other`] where there is no such batch.
    pub async fn record_attempt(&self, attempt: &Attempt) -> Result<Vec<Uuid>, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let number = insert(&mut transaction, attempt).await?;
        let mut set_aside = Vec::new();
        if let (Some(number), Call::Metrics, Some(batch_id)) = (number, attempt.call, attempt.batch_id) {
            match &attempt.failure {
                None => {
                    let at = ended_at(attempt);
                    mark_delivered(&mut transaction, batch_id, at).await?;
                    set_aside = set_refused_aside(&mut transaction, number, batch_id, at).await?;
                }
                Some(failure) => mark_failed(&mut transaction, batch_id, failure).await?,
            }
        }
        transaction.commit().await?;
        Ok(set_aside)
    }

    /// The last `limit` requests, newest first; only those that asked for `call` where one is given.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn recent_attempts(&self, call: Option<Call>, limit: u32) -> Result<Vec<Attempt>, StoreError> {
        Ok(sqlx::query_as(
            "SELECT * FROM telemetry_delivery_attempts WHERE $1::text IS NULL OR call = $1
             ORDER BY started_at DESC, number DESC LIMIT $2",
        )
        .bind(call.map(Call::word))
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?)
    }

    /// How far the vendor's clock was ahead of ours when it was last told; `None` if it never was.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn vendor_clock_offset(&self) -> Result<Option<TimeDelta>, StoreError> {
        let offset: Option<i64> = sqlx::query_scalar(
            "SELECT vendor_clock_offset_ms FROM telemetry_delivery_attempts
             WHERE vendor_clock_offset_ms IS NOT NULL ORDER BY started_at DESC, number DESC LIMIT 1",
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(offset.map(TimeDelta::milliseconds))
    }

    /// Removes requests that began more than `retention` ago by the database's clock, so that the table does not grow for
    /// ever: a machine whose clock is ahead must not remove what others still need. Batches keep their counts. Returns how
    /// many there were.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn prune_attempts(&self, retention: TimeDelta) -> Result<u64, StoreError> {
        let removed = sqlx::query("DELETE FROM telemetry_delivery_attempts WHERE started_at < now() - $1")
            .bind(retention)
            .execute(&self.pool)
            .await?;
        Ok(removed.rows_affected())
    }

    pub(crate) async fn attempts_of(&self, batch_id: Uuid) -> Result<Vec<Attempt>, StoreError> {
        Ok(sqlx::query_as("SELECT * FROM telemetry_delivery_attempts WHERE batch_id = $1 ORDER BY started_at, number")
            .bind(batch_id)
            .fetch_all(&self.pool)
            .await?)
    }
}

fn ended_at(attempt: &Attempt) -> DateTime<Utc> {
    TimeDelta::from_std(attempt.duration)
        .ok()
        .and_then(|duration| attempt.started_at.checked_add_signed(duration))
        .unwrap_or(attempt.started_at)
}

/// The attempt's number; `None` if it was recorded before.
async fn insert(transaction: &mut PgTransaction<'_>, attempt: &Attempt) -> Result<Option<i64>, sqlx::Error> {
    let failure = attempt.failure.as_ref();
    sqlx::query_scalar(
        "INSERT INTO telemetry_delivery_attempts
             (id, call, batch_id, started_at, duration_ms, outcome, http_status, error, retry_after_seconds,
              vendor_clock_offset_ms, body_sha256)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT (id) DO NOTHING RETURNING number",
    )
    .bind(attempt.id)
    .bind(attempt.call.word())
    .bind(attempt.batch_id)
    .bind(attempt.started_at)
    .bind(i64::try_from(attempt.duration.as_millis()).unwrap_or(i64::MAX))
    .bind(failure.map_or(DELIVERED, |failure| failure.class.word()))
    .bind(attempt.http_status.and_then(|status| i16::try_from(status).ok()))
    .bind(failure.map(|failure| one_line(&failure.message)))
    .bind(failure.and_then(|failure| failure.retry_after).and_then(|wait| i64::try_from(wait.as_secs()).ok()))
    .bind(attempt.vendor_clock_offset.map(|offset| offset.num_milliseconds()))
    .bind(&attempt.body_sha256)
    .fetch_optional(&mut **transaction)
    .await
}

impl FromRow<'_, PgRow> for Attempt {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let outcome: String = row.try_get("outcome")?;
        let failure = if outcome == DELIVERED {
            None
        } else {
            Some(Failure {
                class: ErrorClass::from_word(&outcome).ok_or_else(|| unknown_word("outcome", &outcome))?,
                message: row.try_get::<Option<_>, _>("error")?.unwrap_or_default(),
                retry_after: row
                    .try_get::<Option<i64>, _>("retry_after_seconds")?
                    .map(|seconds| Duration::from_secs(seconds.unsigned_abs())),
            })
        };
        let call: String = row.try_get("call")?;
        Ok(Self {
            id: row.try_get("id")?,
            vendor_clock_offset: row.try_get::<Option<_>, _>("vendor_clock_offset_ms")?.map(TimeDelta::milliseconds),
            call: Call::from_word(&call).ok_or_else(|| unknown_word("call", &call))?,
            batch_id: row.try_get("batch_id")?,
            started_at: row.try_get("started_at")?,
            body_sha256: row.try_get("body_sha256")?,
            duration: Duration::from_millis(row.try_get::<i64, _>("duration_ms")?.unsigned_abs()),
            http_status: row.try_get::<Option<i16>, _>("http_status")?.map(i16::unsigned_abs),
            failure,
        })
    }
}

fn unknown_word(column: &str, word: &str) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: column.to_owned(), source: format!("unknown word `{word}`").into() }
}
