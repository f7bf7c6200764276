//! Databases for tests: one server for all tests of a process, and a database of its own for each test.
//!
//! ```no_run
//! # async fn example() {
//! use private_postgres::testing::TestDatabase;
//!
//! let database = TestDatabase::empty().await;
//! let one: i32 = sqlx::query_scalar("select 1").fetch_one(database.pool()).await.unwrap();
//! # }
//! ```

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::sync::OnceCell;

use crate::{Error, Options, PrivatePostgres};

/// The server of this process. It ends with the process, and takes all databases along.
static SERVER: OnceCell<PrivatePostgres> = OnceCell::const_new();
static DATABASES: AtomicU32 = AtomicU32::new(1);

/// Each line of the log names its database, as the tests of a process share one log.
fn options() -> Options {
    Options::temporary().setting("log_line_prefix", "%m [%p] database=%d ")
}

/// An empty database that no other test uses. It need not be dropped.
#[derive(Debug)]
pub struct TestDatabase {
    server: &'static PrivatePostgres,
    name: String,
    pool: PgPool,
}

impl TestDatabase {
    /// Creates a database on the server that all tests of this process share; the first one starts it. The pool lives on the
    /// runtime that calls this.
    ///
    /// # Panics
    /// When there is no server or no database: a test cannot go on then. The message says what to do.
    pub async fn empty() -> Self {
        #[expect(clippy::panic, reason = "for tests alone, which are to fail here with the reason")]
        Self::try_empty().await.unwrap_or_else(|error| panic!("no database for this test: {error} ({error:?})"))
    }

    async fn try_empty() -> Result<Self, Error> {
        let server = SERVER.get_or_try_init(|| PrivatePostgres::start(options())).await?;
        let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        server.create_database(&name).await?;
        let pool = PgPoolOptions::new().max_connections(8).connect_with(server.connect_options(&name)).await?;
        Ok(Self { server, name, pool })
    }

    /// A pool of connections to this database, as its superuser.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// The URL of this database.
    pub fn url(&self) -> String {
        self.server.url(&self.name)
    }

    /// How to connect to this database, as its superuser.
    pub fn connect_options(&self) -> PgConnectOptions {
        self.server.connect_options(&self.name)
    }

    /// The lines that the server has logged so far for this database.
    ///
    /// # Errors
    /// As [`PrivatePostgres::log`].
    pub fn log(&self) -> Result<Vec<String>, Error> {
        let mark = format!("database={} ", self.name);
        Ok(self.server.log()?.lines().filter(|line| line.contains(&mark)).map(ToOwned::to_owned).collect())
    }

    /// The name of this database.
    pub fn name(&self) -> &str {
        &self.name
    }
}
