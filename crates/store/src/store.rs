//! The handle through which everything reaches the tables.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{PgConnection, Row as _};

use crate::StoreError;

/// How long a caller waits for a connection before it is told that the database is not available.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// A pool that connects when it is first used, so that the service starts while the database is away.
///
/// Its statements are stopped by the server after 30 s: none of the store's takes nearly as long, and one that hangs
/// (on a lock, say) would hang the job that runs it.
///
/// A connection to a server that takes no writes is not used a second time: after a failover the server that was demoted
/// goes on answering, and only a new connection finds the one that has taken its place.
pub fn connect(options: PgConnectOptions, max_connections: u32) -> PgPool {
    let options = match options.get_application_name() {
        Some(_) => options,
        None => options.application_name("ohe-telemetry"),
    };
    PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // A statement and no start-up option: connection poolers refuse options they do not know.
        .after_connect(|connection, _| {
            Box::pin(async move { sqlx::raw_sql("SET statement_timeout = '30s'").execute(connection).await.map(drop) })
        })
        // Instead of the pool's own ping, at the same price: it tells a broken connection as well.
        .test_before_acquire(false)
        .before_acquire(|connection, _| Box::pin(takes_writes(connection)))
        .connect_lazy_with(options)
}

/// Would a transaction on this connection be one that can write? Not on a standby, nor on a server that was demoted.
async fn takes_writes(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let row = sqlx::raw_sql("SHOW transaction_read_only").fetch_one(connection).await?;
    Ok(row.try_get::<&str, _>(0)? == "off")
}

/// The tables, over a pool of connections. A clone shares the pool.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) pool: PgPool,
}

impl Store {
    /// A store over `pool`, usually one from [`connect`].
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// The pool itself, for those parts of the program that keep tables of their own in the same database.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Asks the database for an answer.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where there is none.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(&self.pool).await?;
        Ok(())
    }

    /// The database's own time, to be compared with this machine's.
    ///
    /// # Errors
    /// Where the database gives no answer.
    pub async fn database_now(&self) -> Result<DateTime<Utc>, StoreError> {
        Ok(sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(&self.pool).await?)
    }
}
