//! Whether a connection is a session of the server for as long as it lives.

use sqlx::{Connection as _, PgConnection};

use crate::{Store, StoreError};

/// How often the two connections are compared. A pooler mostly shows itself at the first time: it gives out the server
/// connection that was given back last.
const ROUNDS: usize = 3;

impl Store {
    /// Refuses a connection pooler in transaction mode. It gives each transaction whichever server connection is free, so a
    /// lock that belongs to a session would be held by nobody in particular: two processes could send at once.
    ///
    /// # Errors
    /// [`StoreError::PooledTransactions`], and the usual ones.
    pub async fn require_sessions(&self) -> Result<(), StoreError> {
        let options = self.pool.connect_options();
        let mut first = PgConnection::connect_with(&options).await?;
        let mut second = PgConnection::connect_with(&options).await?;
        let pooled = shares_a_backend(&mut first, &mut second).await?;
        first.close().await?;
        second.close().await?;
        if pooled { Err(StoreError::PooledTransactions) } else { Ok(()) }
    }
}

/// Do these connections change places on the server? While the second has a transaction open it keeps its backend; if that
/// was the first's a moment ago, or the first has another one now, something between us and the server hands them round.
async fn shares_a_backend(first: &mut PgConnection, second: &mut PgConnection) -> Result<bool, sqlx::Error> {
    for _ in 0..ROUNDS {
        let before = backend(first).await?;
        sqlx::raw_sql("BEGIN").execute(&mut *second).await?;
        let meanwhile = backend(second).await?;
        // A pooler with one server connection would let the first wait for it until the second's transaction ends.
        let after = if meanwhile == before { before } else { backend(first).await? };
        sqlx::raw_sql("COMMIT").execute(&mut *second).await?;
        if meanwhile == before || after != before {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The process of the server that answers. Asked without a prepared statement, which such a pooler may lose.
async fn backend(connection: &mut PgConnection) -> Result<i32, sqlx::Error> {
    let row = sqlx::raw_sql("SELECT pg_backend_pid()").fetch_one(connection).await?;
    sqlx::Row::try_get(&row, 0)
}
