//! The latest look-up of the administrator's e-mail address. No address is ever part of it.

use chrono::{DateTime, Utc};
use domain::administrator::{AdministratorStep, LookupFailure, wait_after};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgTransaction, Row as _};

use crate::{Store, StoreError};

/// What a look-up came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookupResult {
    /// An address that counts.
    Found(AdministratorStep),
    /// No step has an address yet.
    Nobody,
    /// It could not be asked.
    Failed {
        /// Of which kind.
        failure: LookupFailure,
        /// Why, in words, with what caused it.
        error: String,
        /// What an administrator can do.
        remedy: String,
        /// How often it has failed in a row, from 1.
        failures_in_a_row: u32,
    },
}

/// The latest look-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupRecord {
    /// When.
    pub looked_up_at: DateTime<Utc>,
    /// What it came to.
    pub result: LookupResult,
    /// When Keycloak last refused the password, whatever the look-ups since then came to.
    pub refused_at: Option<DateTime<Utc>>,
    /// Recognises the settings it was made with: after a change, an earlier failure says nothing.
    pub settings: String,
}

impl LookupRecord {
    /// Until when whatever failed is not asked again; `None` if the latest look-up did not fail.
    pub fn retry_at(&self) -> Option<DateTime<Utc>> {
        let LookupResult::Failed { failure, failures_in_a_row, .. } = &self.result else { return None };
        Some(self.looked_up_at + wait_after(*failure, *failures_in_a_row))
    }
}

/// The turn to ask Keycloak, one process at a time. It lives as long as a transaction, so that a process that dies gives it
/// back, as dropping it does.
#[derive(Debug)]
pub struct LookupTurn {
    transaction: PgTransaction<'static>,
}

impl LookupTurn {
    /// Gives it back, and waits until the server has it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where the connection had broken; it was lost by then.
    pub async fn end(self) -> Result<(), StoreError> {
        Ok(self.transaction.rollback().await?)
    }
}

impl Store {
    /// The turn to ask Keycloak, as soon as no other process has it: each try of a refused password counts towards locking the
    /// account out, and whoever comes next finds the record of this one.
    ///
    /// # Errors
    /// Any [`StoreError`]; also where another process keeps it for longer than a statement may take.
    pub async fn lookup_turn(&self) -> Result<LookupTurn, StoreError> {
        let mut transaction = self.pool.begin().await?;
        // Keycloak is asked meanwhile, for longer perhaps than the database's own limit.
        sqlx::raw_sql("SET LOCAL idle_in_transaction_session_timeout = '2min'").execute(&mut *transaction).await?;
        let lock = "SELECT pg_advisory_xact_lock(
                        hashtextextended('ohe-telemetry administrator in ' || current_schema(), 0))";
        sqlx::query(lock).execute(&mut *transaction).await?;
        Ok(LookupTurn { transaction })
    }

    /// The latest look-up; none before the first.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn administrator_lookup(&self) -> Result<Option<LookupRecord>, StoreError> {
        let query = sqlx::query_as("SELECT * FROM telemetry_administrator_lookup WHERE id = 1");
        Ok(query.fetch_optional(&self.pool).await?)
    }

    /// Replaces the record of the latest look-up.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn record_administrator_lookup(&self, record: &LookupRecord) -> Result<(), StoreError> {
        let step = match &record.result {
            LookupResult::Found(step) => Some(step.word()),
            _ => None,
        };
        let (failure, error, remedy, failures_in_a_row) = match &record.result {
            LookupResult::Failed { failure, error, remedy, failures_in_a_row } => {
                (Some(failure.word()), Some(error), Some(remedy), *failures_in_a_row)
            }
            _ => (None, None, None, 0),
        };
        sqlx::query(
            "INSERT INTO telemetry_administrator_lookup
                 (id, looked_up_at, step, failure, error, remedy, failures_in_a_row, refused_at, settings)
             VALUES (1, $1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (id) DO UPDATE
             SET looked_up_at = excluded.looked_up_at, step = excluded.step, failure = excluded.failure,
                 error = excluded.error, remedy = excluded.remedy, failures_in_a_row = excluded.failures_in_a_row,
                 refused_at = excluded.refused_at, settings = excluded.settings",
        )
        .bind(record.looked_up_at)
        .bind(step)
        .bind(failure)
        .bind(error)
        .bind(remedy)
        .bind(i32::try_from(failures_in_a_row).unwrap_or(i32::MAX))
        .bind(record.refused_at)
        .bind(&record.settings)
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

impl FromRow<'_, PgRow> for LookupRecord {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let text = |column| row.try_get::<Option<String>, _>(column);
        // A word of a later release is unknown here, and as good as nobody.
        let step = text("step")?.as_deref().and_then(AdministratorStep::from_word);
        let failure = text("failure")?.as_deref().and_then(LookupFailure::from_word);
        let result = match (step, failure) {
            (Some(step), _) => LookupResult::Found(step),
            (None, Some(failure)) => LookupResult::Failed {
                failure,
                error: text("error")?.unwrap_or_default(),
                remedy: text("remedy")?.unwrap_or_default(),
                failures_in_a_row: row.try_get::<i32, _>("failures_in_a_row")?.unsigned_abs(),
            },
            (None, None) => LookupResult::Nobody,
        };
        Ok(Self {
            looked_up_at: row.try_get("looked_up_at")?,
            result,
            refused_at: row.try_get("refused_at")?,
            settings: row.try_get("settings")?,
        })
    }
}
