//! The install as it was: what a collector would have read at an earlier time.

use chrono::{DateTime, SecondsFormat, Utc};
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;

/// Makes the views through which connections from [`as_of`] see the past. Needs the tables of [`crate::create_tables`].
///
/// # Errors
/// When the database refuses a statement, for instance because the views are there already.
pub async fn create_past(pool: &PgPool) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(include_str!("../tables/past.sql")).execute(pool).await?;
    Ok(())
}

/// Connections that find OHE's tables as they were at `time`: the rows of today that were there then.
pub fn as_of(options: PgConnectOptions, time: DateTime<Utc>) -> PgConnectOptions {
    let time = time.to_rfc3339_opts(SecondsFormat::Micros, true);
    options.options([("search_path", "past,public"), ("past.now", time.as_str())])
}
