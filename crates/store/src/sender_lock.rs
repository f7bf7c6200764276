//! One sender at a time, across all processes.

use sqlx::{Connection as _, PgConnection};

use crate::{Store, StoreError};

/// The right to send. It lives as long as a database connection of its own: a process that dies gives it back, and so
/// does dropping it. It needs a session of its own, so no pooler in transaction mode may stand between.
#[derive(Debug)]
pub struct SenderLock {
    connection: PgConnection,
}

impl Store {
    /// The right to send, or none while another process, or another task of this one, has it.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn try_sender_lock(&self) -> Result<Option<SenderLock>, StoreError> {
        let mut connection = self.pool.acquire().await?.detach();
        // A machine that vanishes sends no farewell; without keepalives the server would believe in it for two hours.
        sqlx::raw_sql("SET tcp_keepalives_idle = 20; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 4")
            .execute(&mut connection)
            .await?;
        // Advisory locks are the database's; the schema in the key keeps two installs in one database apart.
        let got: bool = sqlx::query_scalar(
            "SELECT pg_try_advisory_lock(hashtextextended('ohe-telemetry sender in ' || current_schema(), 0))",
        )
        .fetch_one(&mut connection)
        .await?;
        Ok(got.then_some(SenderLock { connection }))
    }
}

impl SenderLock {
    /// Is it still held? Not once the connection broke, and the server has given it to the next. To be asked before each
    /// batch of a long delivery.
    pub async fn is_held(&mut self) -> bool {
        self.connection.ping().await.is_ok()
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
