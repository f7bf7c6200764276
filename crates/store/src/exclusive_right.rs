//! One sender, and one collector, at a time, across all processes.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::{Store, StoreError};

/// The right to send, or to collect. It lives as long as a database connection of its own: a process that dies gives it
/// back, and so does dropping it. It needs a session of its own, so no pooler in transaction mode may stand between.
#[derive(Debug)]
pub struct ExclusiveRight {
    connection: PgConnection,
    key: &'static str,
}

/// Advisory locks are the database's; the schema in the key keeps two installs in one database apart. Also read by the
/// query for the facts.
const SENDER: &str = "hashtextextended('ohe-telemetry sender in ' || current_schema(), 0)";
const COLLECTOR: &str = "hashtextextended('ohe-telemetry collector in ' || current_schema(), 0)";

impl Store {
    /// The right to send, or none while another process, or another task of this one, has it.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn try_sender_lock(&self) -> Result<Option<ExclusiveRight>, StoreError> {
        self.try_lock(SENDER).await
    }

    /// The right to collect, likewise.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn try_collector_lock(&self) -> Result<Option<ExclusiveRight>, StoreError> {
        self.try_lock(COLLECTOR).await
    }

    async fn try_lock(&self, key: &'static str) -> Result<Option<ExclusiveRight>, StoreError> {
        let mut connection = self.pool.acquire().await?.detach();
        // A machine that vanishes sends no farewell; without keepalives the server would believe in it for two hours.
        sqlx::raw_sql("SET tcp_keepalives_idle = 20; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 4")
            .execute(&mut connection)
            .await?;
        let statement = AssertSqlSafe(format!("SELECT pg_try_advisory_lock({key})"));
        let got: bool = sqlx::query_scalar(statement).fetch_one(&mut connection).await?;
        Ok(got.then_some(ExclusiveRight { connection, key }))
    }
}

impl ExclusiveRight {
    /// Is it still held? Not once the connection broke, and the server has given it to the next. To be asked before each
    /// batch of a long delivery. The server itself is asked for the lock: a connection that lives proves nothing where a
    /// pooler keeps it alive. Nor does a lock on a server that takes no writes any more: the next process asks the server
    /// that has taken its place.
    pub async fn is_held(&mut self) -> bool {
        let statement = AssertSqlSafe(format!(
            "SELECT current_setting('transaction_read_only') = 'off' AND EXISTS (SELECT FROM pg_locks
                WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid() AND objsubid = 1
                    AND (classid::bigint << 32) | objid::bigint = {})",
            self.key
        ));
        sqlx::query_scalar(statement).fetch_one(&mut self.connection).await.unwrap_or(false)
    }

    /// Gives it back, and waits until the server has it. Dropping gives it back as well, a moment later.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where the connection had broken; it was lost by then.
    pub async fn release(self) -> Result<(), StoreError> {
        let mut connection = self.connection;
        sqlx::query("SELECT pg_advisory_unlock_all()").execute(&mut connection).await?;
        connection.close().await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use private_postgres::testing::TestDatabase;

    use super::*;

    #[tokio::test]
    async fn a_lock_that_is_gone_is_not_held_although_its_connection_lives() {
        let database = TestDatabase::empty().await;
        let mut right = Store::new(database.pool().clone()).try_sender_lock().await.unwrap().unwrap();
        assert!(right.is_held().await);
        sqlx::query("SELECT pg_advisory_unlock_all()").execute(&mut right.connection).await.unwrap();
        right.connection.ping().await.unwrap();
        assert!(!right.is_held().await);
    }

    #[tokio::test]
    async fn a_lock_on_a_server_that_was_demoted_is_not_held() {
        let database = TestDatabase::empty().await;
        let mut right = Store::new(database.pool().clone()).try_sender_lock().await.unwrap().unwrap();
        sqlx::query("SET default_transaction_read_only = on").execute(&mut right.connection).await.unwrap();
        assert!(!right.is_held().await);
    }
}
