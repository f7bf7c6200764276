//! Who did what through the dashboard, and what came of it.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgExecutor;

use crate::text::one_line;
use crate::{Store, StoreError};

/// An action to be recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct NewAuditEntry {
    /// When.
    pub at: DateTime<Utc>,
    /// Who: the name of a user, or of the part of the program.
    pub actor: String,
    /// What: a stable word such as `collect_now`.
    pub action: String,
    /// What else there is to know, free of secrets.
    pub detail: Value,
    /// What came of it: a stable word such as `enqueued`.
    pub outcome: String,
}

/// An action as recorded.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct AuditEntry {
    /// Grows with each entry.
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: String,
    /// What.
    pub action: String,
    /// What else there is to know.
    #[sqlx(json)]
    pub detail: Value,
    /// What came of it.
    pub outcome: String,
}

impl Store {
    /// Records an action.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn record_audit(&self, entry: &NewAuditEntry) -> Result<(), StoreError> {
        Ok(insert_audit_entry(&self.pool, entry).await?)
    }

    /// The last `limit` actions, newest first.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn recent_audit_entries(&self, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        Ok(sqlx::query_as("SELECT * FROM telemetry_audit_log ORDER BY at DESC, id DESC LIMIT $1")
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await?)
    }
}

/// Records an action, in a transaction of the caller's if it has one.
pub(crate) async fn insert_audit_entry(
    executor: impl PgExecutor<'_>,
    entry: &NewAuditEntry,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO telemetry_audit_log (at, actor, action, detail, outcome) VALUES ($1, $2, $3, $4, $5)")
        .bind(entry.at)
        .bind(one_line(&entry.actor))
        .bind(&entry.action)
        .bind(&entry.detail)
        .bind(one_line(&entry.outcome))
        .execute(executor)
        .await?;
    Ok(())
}
