//! A connection pooler between the service and its database: the real `PgBouncer`.

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ohe_telemetry::config::Config;
use ohe_telemetry::install::{Install, PrepareError};
use private_postgres::testing::TestDatabase;
use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;
use store::StoreError;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::fixture::Fixture;

/// Longer than a start takes on any machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A pooler in a directory of its own. It is killed when this is dropped.
struct Pooler {
    directory: TempDir,
    process: Child,
}

impl Pooler {
    /// A pooler of `mode` before `database`, which takes connections.
    async fn start(mode: &str, database: &TestDatabase) -> Self {
        let directory = tempfile::tempdir_in("/tmp").unwrap();
        // As root it runs as another account, which makes its socket here.
        std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let file = directory.path().join("pgbouncer.ini");
        std::fs::write(&file, configuration(mode, database, directory.path())).unwrap();
        let process = command(&file).await.kill_on_drop(true).spawn().unwrap();
        let mut pooler = Self { directory, process };
        let started = Instant::now();
        while pooler.options(database).connect().await.is_err() {
            assert_eq!(pooler.process.try_wait().unwrap(), None, "PgBouncer ended");
            assert!(started.elapsed() < PATIENCE, "PgBouncer takes no connections");
            sleep(Duration::from_millis(20)).await;
        }
        pooler
    }

    /// How to reach the database through it.
    fn options(&self, database: &TestDatabase) -> PgConnectOptions {
        database.connect_options().socket(self.directory.path()).port(6432)
    }
}

fn configuration(mode: &str, database: &TestDatabase, sockets: &Path) -> String {
    let options = database.connect_options();
    let (server, name) = (options.get_socket().unwrap().display(), database.name());
    let mut text = format!("[databases]\n{name} = host={server} port=5432 dbname={name} user=postgres\n[pgbouncer]\n");
    for (setting, value) in [
        ("pool_mode", mode),
        ("unix_socket_dir", sockets.to_str().unwrap()),
        ("listen_port", "6432"),
        ("auth_type", "any"),
        ("ignore_startup_parameters", "extra_float_digits"),
    ] {
        writeln!(text, "{setting} = {value}").unwrap();
    }
    text
}

/// `PgBouncer` refuses to run as root; told to, it changes to the account that our PostgreSQL runs as.
async fn command(configuration: &Path) -> Command {
    // Debian puts it where the PATH of an ordinary user does not lead.
    let debians = Path::new("/usr/sbin/pgbouncer");
    let mut command = Command::new(if debians.is_file() { debians } else { Path::new("pgbouncer") });
    command.arg("--quiet");
    if id(&["-u"]).await.as_deref() == Some("0") {
        let account = if id(&["-u", "postgres"]).await.is_some() { "postgres" } else { "nobody" };
        command.args(["--user", account]);
    }
    command.arg(configuration);
    command
}

async fn id(arguments: &[&str]) -> Option<String> {
    let output = Command::new("id").args(arguments).output().await.unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

/// The service over the pooler, with nothing prepared yet.
async fn install(pooler: &Pooler, database: &TestDatabase) -> Arc<Install> {
    let fixture = Fixture::new().await;
    let mut environment = fixture.environment.clone();
    environment.insert("DATABASE_URL".to_owned(), pooler.options(database).to_url_lossy().to_string());
    Install::new(&Config::read(&environment).unwrap(), Arc::new(fixture.clock.clone())).unwrap()
}

#[tokio::test]
async fn a_pooler_in_transaction_mode_is_refused_with_the_remedy_before_anything_is_made() {
    let database = TestDatabase::empty().await;
    let pooler = Pooler::start("transaction", &database).await;
    let error = install(&pooler, &database).await.prepare().await.unwrap_err();
    assert!(matches!(error, PrepareError::Store(StoreError::PooledTransactions)), "{error:?}");
    assert!(error.to_string().contains("pool_mode = session"), "{error}");
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_class WHERE relname LIKE 'telemetry%'")
        .fetch_one(database.pool())
        .await
        .unwrap();
    assert_eq!(tables, 0);
}

#[tokio::test]
async fn a_pooler_in_session_mode_is_as_good_as_the_database_itself() {
    let database = TestDatabase::empty().await;
    let pooler = Pooler::start("session", &database).await;
    let install = install(&pooler, &database).await;
    install.prepare().await.unwrap();
    let mut right = install.services.store.try_sender_lock().await.unwrap().unwrap();
    assert!(right.is_held().await);
    assert!(install.services.store.try_sender_lock().await.unwrap().is_none());
    right.release().await.unwrap();
    assert!(install.services.store.try_sender_lock().await.unwrap().is_some());
}
