//! A server from its start to its stop.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};

use crate::{
    Error, Options,
    account::Account,
    binaries::Binaries,
    configuration,
    directories::{Directories, data_in, read_log},
    supervisor::Supervisor,
};

/// Contrib extensions that the product needs (the job queue's set-up creates them).
const EXTENSIONS: [&str; 2] = ["hstore", "pgcrypto"];

/// The two ways in which PostgreSQL ends while clients are connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shutdown {
    /// Clients are told and cut off, and everything is written to disk.
    Fast,
    /// As in a crash: clients are cut off, and the next start recovers from the write-ahead log.
    Immediate,
}

/// A running server. It stops when this is dropped or the process ends, in whatever way; nothing waits for that then, whereas
/// [`PrivatePostgres::stop`] does. It is bound to no async runtime: one server may serve many of them.
#[derive(Debug)]
pub struct PrivatePostgres {
    directory: PathBuf,
    sockets: PathBuf,
    account: Option<Account>,
    supervisor: Arc<Mutex<Supervisor>>,
}

impl PrivatePostgres {
    /// Starts a server and waits until it takes connections. Its extensions `hstore` and `pgcrypto` can be created.
    ///
    /// # Errors
    /// Each variant of [`Error`]; see there.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let server = blocking(move || Self::supervised(&options)).await?;
        server.start_again().await?;
        server.require_extensions().await?;
        tracing::debug!(directory = %server.directory.display(), "a PostgreSQL server of our own takes connections");
        Ok(server)
    }

    /// Everything up to a supervisor that has yet to be told to start the server.
    fn supervised(options: &Options) -> Result<Self, Error> {
        // All that takes time comes before the first file: whoever kills us until the supervisor is there leaves nothing behind.
        let kept = options.directory.as_deref();
        let data_to_use = kept.filter(|_| !options.start_over);
        let account = Account::for_server(data_to_use)?;
        let binaries = Binaries::find(options.binaries.as_deref(), data_to_use)?.for_account(account.as_ref())?;
        let directories = Directories::prepare(kept)?;
        let log = directories.lock_log()?;
        if options.start_over {
            directories.remove_data()?;
        }
        let configuration = configuration::text(options, &data_in(directories.server()), directories.sockets());
        directories.furnish(&configuration, account.as_ref())?;
        let supervisor = Supervisor::spawn(&binaries, account.as_ref(), &directories, options.durable, log)
            .map_err(Error::Supervisor)?;
        let (directory, sockets) = directories.hand_over();
        Ok(Self { directory, sockets, account, supervisor: Arc::new(Mutex::new(supervisor)) })
    }

    /// The directory that holds the server's data, configuration and log.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What the server has logged so far.
    ///
    /// # Errors
    /// [`Error::Directory`] when the log cannot be read.
    pub fn log(&self) -> Result<String, Error> {
        read_log(&self.directory)
    }

    /// The URL of a database on this server, for programs that take one.
    pub fn url(&self, database: &str) -> String {
        let mut url = self.connect_options(database).to_url_lossy();
        // Not every client knows the parameters that sqlx adds.
        url.set_query(Some("sslmode=disable"));
        url.to_string()
    }

    /// How to connect to a database on this server, as its superuser.
    pub fn connect_options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.sockets)
            .port(5432)
            .username("postgres")
            .database(database)
            .ssl_mode(PgSslMode::Disable)
    }

    /// Creates a database, and says whether it did: `false` where it was there already.
    ///
    /// # Errors
    /// [`Error::Database`] when the server is stopped or refuses the name.
    pub async fn create_database(&self, name: &str) -> Result<bool, Error> {
        let mut connection = self.maintenance_connection().await?;
        let exists: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
            .bind(name)
            .fetch_one(&mut connection)
            .await?;
        if !exists {
            let statement = format!("create database \"{}\"", name.replace('"', "\"\""));
            sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await?;
        }
        connection.close().await?;
        Ok(!exists)
    }

    /// Stops the server and waits until it is gone, and with it what was temporary.
    ///
    /// # Errors
    /// [`Error::Supervisor`] when its end could not be awaited.
    pub async fn stop(self) -> Result<(), Error> {
        self.with_supervisor(Supervisor::end).await
    }

    /// Stops the server, keeps its data and its socket's place, and waits until it is gone; [`PrivatePostgres::start_again`] is
    /// the way back.
    ///
    /// # Errors
    /// [`Error::Supervisor`] when the shell that watches over the server is gone.
    pub async fn shut_down(&self, how: Shutdown) -> Result<(), Error> {
        let command = match how {
            Shutdown::Fast => "stop",
            Shutdown::Immediate => "crash",
        };
        self.ask(command).await.map(drop)
    }

    /// Starts the server after [`PrivatePostgres::shut_down`], in the same place, and waits until it takes connections.
    ///
    /// # Errors
    /// [`Error::StartUp`], [`Error::NoSpace`], [`Error::Unreachable`] or [`Error::Supervisor`].
    pub async fn start_again(&self) -> Result<(), Error> {
        match self.ask("start").await?.as_str() {
            "started" => Ok(()),
            "unreachable" => Err(Error::Unreachable {
                directory: self.directory.clone(),
                account: self.account.as_ref().map(|account| account.name.clone()).unwrap_or_default(),
            }),
            _ => Err(Error::from_log(self.directory.clone(), &read_log(&self.directory)?)),
        }
    }

    async fn ask(&self, command: &'static str) -> Result<String, Error> {
        self.with_supervisor(move |supervisor| supervisor.ask(command)).await
    }

    async fn with_supervisor<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Supervisor) -> io::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let supervisor = Arc::clone(&self.supervisor);
        let work = move || work(&mut supervisor.lock().unwrap_or_else(PoisonError::into_inner));
        blocking(move || work().map_err(Error::Supervisor)).await
    }

    async fn require_extensions(&self) -> Result<(), Error> {
        let mut connection = self.maintenance_connection().await?;
        let missing: Vec<String> = sqlx::query_scalar(
            "select name from unnest($1::text[]) as name where name not in (select name from pg_available_extensions)",
        )
        .bind(EXTENSIONS)
        .fetch_all(&mut connection)
        .await?;
        connection.close().await?;
        if missing.is_empty() { Ok(()) } else { Err(Error::ExtensionsNotInstalled { missing: missing.join(", ") }) }
    }

    async fn maintenance_connection(&self) -> Result<PgConnection, Error> {
        Ok(self.connect_options("postgres").connect().await?)
    }
}

/// Runs what waits for files and processes where that holds up no other task.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(Error::Supervisor(io::Error::other(error))))
}
