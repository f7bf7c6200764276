//! Connections, and the one read-only transaction that all collectors read in.

use std::time::Duration;

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool, Postgres, Transaction,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time::timeout;

use crate::error::CollectError;

/// One for a collection, and one for whoever looks for an administrator meanwhile.
const MAX_CONNECTIONS: u32 = 2;
/// How long to wait for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the server may take, beyond the statement timeout, to say that it has stopped a statement.
const GRACE: Duration = Duration::from_secs(10);

/// For the transaction alone, whatever the role or the database has set:
/// - naive timestamps of OHE are UTC, and are compared as such in a session of any time zone;
/// - a node that is lost in the midst of a collection must not hold a snapshot, and thus vacuum, back: the server asks
///   whether the client still lives, and ends a transaction that idles;
/// - one statement of many aggregates is beyond the cost at which PostgreSQL compiles it, which would take longer
///   than to run it;
/// - a policy of row security that hides rows from us is an error, and makes no number wrong;
/// - floats are written with all their digits;
/// - rows are grouped by user, in memory, of which OHE's database is to keep enough for itself;
/// - the passes of a statement run side by side, each in one process, where there is enough to do: in the session's own and
///   in one worker, and without one while OHE has workers, as `max_parallel_workers` counts those of all sessions. The
///   planner is told of two, since it takes one to gain nothing. No table is large enough to be shared out among
///   processes, which costs more than it gains where each has a pass of its own to do.
const SETTINGS: &str = "SET LOCAL TimeZone = 'UTC';
     SET LOCAL idle_in_transaction_session_timeout = '1min';
     SET LOCAL tcp_keepalives_idle = 30;
     SET LOCAL tcp_keepalives_interval = 10;
     SET LOCAL tcp_keepalives_count = 3;
     SET LOCAL row_security = off;
     SET LOCAL extra_float_digits = 1;
     SET LOCAL jit = off;
     SET LOCAL work_mem = '32MB';
     SET LOCAL max_parallel_workers_per_gather = 2;
     SET LOCAL max_parallel_workers = 1;
     SET LOCAL parallel_setup_cost = 10000;
     SET LOCAL parallel_tuple_cost = 0.1;
     SET LOCAL min_parallel_table_scan_size = '5TB';
     SET LOCAL min_parallel_index_scan_size = '5TB'";

/// A pool of its own for collectors, of at most 2 connections, which are made when they are needed.
pub fn connect(options: PgConnectOptions) -> PgPool {
    // Collections say themselves how long they took; a slow statement would be logged with pages of SQL.
    let options = options.application_name("ohe-telemetry-collectors").disable_statement_logging();
    PgPoolOptions::new()
        .max_connections(MAX_CONNECTIONS)
        .min_connections(0)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_lazy_with(options)
}

/// A `REPEATABLE READ READ ONLY` transaction on one connection: one snapshot of the database, and no way to change
/// it.
pub(crate) struct ReadTransaction {
    transaction: Transaction<'static, Postgres>,
    statement_timeout: Duration,
}

impl ReadTransaction {
    /// Begins, with `statement_timeout` for every statement that sets no other.
    pub(crate) async fn begin(pool: &PgPool, statement_timeout: Duration) -> Result<Self, sqlx::Error> {
        let mut transaction = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        sqlx::raw_sql(SETTINGS).execute(&mut *transaction).await?;
        set_statement_timeout(&mut transaction, statement_timeout).await?;
        Ok(Self { transaction, statement_timeout })
    }

    /// Has the server end this transaction where it idles for longer than `limit`, as while a collector computes.
    pub(crate) async fn limit_idling(&mut self, limit: Duration) -> Result<(), sqlx::Error> {
        set_local_limit(&mut self.transaction, "idle_in_transaction_session_timeout", limit).await
    }

    /// The connection, to read for all collectors.
    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }

    /// A savepoint. Dropping it, at any moment, rolls back to it: an error after it is no error of the transaction.
    pub(crate) async fn savepoint(&mut self) -> Result<Transaction<'_, Postgres>, CollectError> {
        Ok(self.transaction.begin().await?)
    }

    /// Waits until the server is done with what was going on when a savepoint was dropped. A statement that nobody
    /// waits for any more still runs, until the server stops it at its statement timeout, and its error comes before
    /// the next answer.
    pub(crate) async fn settle(&mut self) -> Result<(), CollectError> {
        let settled = async {
            loop {
                match self.transaction.ping().await {
                    Err(sqlx::Error::Database(error)) if !is_fatal(&*error) => {}
                    other => return other,
                }
            }
        };
        match timeout(self.statement_timeout + GRACE, settled).await {
            Ok(result) => Ok(result?),
            Err(_) => Err(CollectError::NoAnswer),
        }
    }

    /// Ends the transaction. An error says that the connection was lost on the way.
    pub(crate) async fn end(self) -> Result<(), CollectError> {
        Ok(self.transaction.rollback().await?)
    }
}

/// Whether the connection ends with this error: class 57P, an administrator's intervention, other than a cancelled
/// query.
fn is_fatal(error: &dyn sqlx::error::DatabaseError) -> bool {
    error.code().is_some_and(|code| code.starts_with("57P") || code.starts_with("08"))
}

/// Has the server stop every later statement of this transaction, or savepoint, after `limit`.
pub(crate) async fn set_statement_timeout(connection: &mut PgConnection, limit: Duration) -> Result<(), sqlx::Error> {
    set_local_limit(connection, "statement_timeout", limit).await
}

async fn set_local_limit(connection: &mut PgConnection, setting: &str, limit: Duration) -> Result<(), sqlx::Error> {
    // 0 would mean no limit, and beyond the largest integer the server would refuse.
    let milliseconds = limit.as_micros().div_ceil(1000).clamp(1, i32::MAX as u128);
    let set = AssertSqlSafe(format!("SET LOCAL {setting} = {milliseconds}"));
    sqlx::raw_sql(set).execute(connection).await.map(drop)
}
