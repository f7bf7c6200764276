//! The demo: everything on this machine, made of the real parts.

mod history;
mod postgres;
mod sample_page;
mod scenario;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use domain::clock::SystemClock;
use domain::ohe::Generation;
use private_postgres::PrivatePostgres;
use replicated::simulator::Simulator;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::install::Install;

pub(crate) use sample_page::with_sample_page;
pub use scenario::Scenario;

/// How to run the demo.
#[derive(Debug)]
pub struct Options {
    /// The story.
    pub scenario: Scenario,
    /// On which of OHE's databases it is told.
    pub generation: Generation,
    /// Where the dashboard listens.
    pub dashboard: TcpListener,
    /// Where the vendor listens.
    pub vendor: TcpListener,
    /// Where the data are kept.
    pub data_dir: PathBuf,
    /// Start the scenario over.
    pub reset: bool,
}

/// A demo whose database and vendor run.
pub struct Demo {
    /// The install of the story.
    pub install: Arc<Install>,
    /// Where its web server will listen.
    pub dashboard: TcpListener,
    /// Its configuration.
    pub config: Config,
    /// The vendor.
    pub vendor: Vendor,
    /// The database.
    pub postgres: PrivatePostgres,
    scenario: Scenario,
    dashboard_url: String,
    database_url: String,
    data_dir: PathBuf,
}

/// The vendor simulator, serving.
pub struct Vendor {
    url: String,
    shutdown: CancellationToken,
    task: JoinHandle<std::io::Result<()>>,
}

impl Vendor {
    fn start(simulator: &Simulator, listener: TcpListener) -> std::io::Result<Self> {
        let url = format!("http://{}", listener.local_addr()?);
        let shutdown = CancellationToken::new();
        let (simulator, stop) = (simulator.clone(), shutdown.clone());
        let task = tokio::spawn(async move { simulator.serve(listener, stop.cancelled_owned()).await });
        Ok(Self { url, shutdown, task })
    }

    /// Stops it.
    pub async fn stop(self) {
        self.shutdown.cancel();
        // It has nothing left to say.
        let _ended = self.task.await;
    }
}

impl Demo {
    /// Starts database and vendor and, at the first run of a scenario, lets its half year pass.
    ///
    /// # Errors
    /// Whatever keeps a part from starting, in words that say what to do.
    pub async fn start(options: Options, progress: &(dyn Fn(&str) + Sync)) -> anyhow::Result<Self> {
        let Options { scenario, generation, dashboard, vendor, data_dir, reset } = options;
        fs::create_dir_all(&data_dir).with_context(|| {
            format!("the demo's data cannot be kept in {}; choose another place with --data-dir", data_dir.display())
        })?;
        progress("Starting PostgreSQL");
        let postgres = postgres::start(&data_dir, reset).await?;
        // Each scenario of each generation has data of its own.
        let database = format!("ohe_{generation}_{}", scenario.word());
        let state_file = data_dir.join(format!("vendor-{generation}-{}.json", scenario.word()));
        if reset {
            progress("Throwing away this scenario's data");
            drop_database(&postgres, &database).await?;
            remove_if_there(&state_file)?;
        }
        if !has_database(&postgres, &database).await? {
            let telling = history::Telling { scenario, generation, database: &database, state_file: &state_file };
            history::tell(&telling, &postgres, progress).await?;
        }
        let simulator = Simulator::with_state_file(Arc::new(SystemClock), &state_file)?;
        scenario.arm(&simulator);
        let vendor = Vendor::start(&simulator, vendor)?;
        let database_url = postgres.url(&database);
        let config = Config::read(&environment(&database_url, &vendor.url, &dashboard)?)?;
        let install = Install::new(&config, Arc::new(SystemClock))?;
        let dashboard_url = format!("http://{}", dashboard.local_addr()?);
        Ok(Self { install, dashboard, config, vendor, postgres, scenario, dashboard_url, database_url, data_dir })
    }

    /// What to open, and how to go on.
    pub fn welcome(&self) -> String {
        format!(
            "\n  OHE Telemetry demo: {story}\n\n  \
             Dashboard        {dashboard}/admin\n  \
             Sample OHE page  {dashboard}/sample\n  \
             License status   {dashboard}/api/license-status\n  \
             Vendor's portal  {vendor}/\n  \
             Database         psql '{database}'\n  \
             Data             {data}\n\n  \
             Ctrl-C stops everything. --scenario healthy|fresh|failing|expired tells another story, --generation settings|orgs \
             tells it on the other of OHE's databases, --reset starts it over.\n",
            story = self.scenario.story(),
            dashboard = self.dashboard_url,
            vendor = self.vendor.url,
            database = self.database_url,
            data = self.data_dir.display(),
        )
    }
}

/// The environment of an OHE install that has everything to be licensed, and our own few variables.
fn environment(
    database_url: &str,
    vendor_url: &str,
    dashboard: &TcpListener,
) -> anyhow::Result<BTreeMap<String, String>> {
    let bind = dashboard.local_addr()?.to_string();
    Ok([
        ("DATABASE_URL", database_url),
        ("KEYCLOAK_SERVER_URL", "http://127.0.0.1:8080"),
        ("KEYCLOAK_REALM_NAME", "openhands"),
        ("GITHUB_APP_CLIENT_ID", "demo"),
        ("REPLICATED_BASE_URL", vendor_url),
        ("REPLICATED_PUBLISHABLE_KEY", "replicated_pk_demo"),
        ("TELEMETRY_BIND", &bind),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into())
}

async fn has_database(postgres: &PrivatePostgres, name: &str) -> anyhow::Result<bool> {
    let pool = sqlx::PgPool::connect_with(postgres.connect_options("postgres")).await?;
    let found = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(name)
        .fetch_one(&pool)
        .await?;
    pool.close().await;
    Ok(found)
}

async fn drop_database(postgres: &PrivatePostgres, name: &str) -> anyhow::Result<()> {
    let pool = sqlx::PgPool::connect_with(postgres.connect_options("postgres")).await?;
    sqlx::query(sqlx::AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))).execute(&pool).await?;
    pool.close().await;
    Ok(())
}

fn remove_if_there(file: &Path) -> std::io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
