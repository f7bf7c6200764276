//! A database with OHE's tables, a vendor, and how the program is told of both.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::clock::{Clock, SystemClock};
use domain::metric::MetricValue;
use domain::ohe::{Generation, OheDatabase};
use ohe_telemetry::config::Config;
use ohe_telemetry::install::Install;
use private_postgres::PrivatePostgres;
use private_postgres::testing::TestDatabase;
use replicated::simulator::{Endpoint, LoggedRequest, Simulator};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use store::{NewBatch, Store};
use tokio::net::TcpListener;

use crate::program::Program;

pub(crate) const ADMIN: &str = "admin@acme.example";

/// Everything that one test works with, on the clock that it is made with.
pub(crate) struct World {
    pub(crate) pool: PgPool,
    pub(crate) vendor: Simulator,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl World {
    /// A world on the machine's clock, whose administrator is configured.
    pub(crate) async fn new() -> Self {
        Self::at(Arc::new(SystemClock)).await
    }

    /// The same on another clock.
    pub(crate) async fn at(clock: Arc<dyn Clock>) -> Self {
        let database = TestDatabase::empty().await;
        Self::on(database.pool().clone(), &database.url(), clock).await
    }

    /// A world on a server of its own, which may be stopped.
    pub(crate) async fn on_server(server: &PrivatePostgres) -> Self {
        server.create_database("ohe").await.unwrap();
        let pool = PgPoolOptions::new().max_connections(4).connect_lazy_with(server.connect_options("ohe"));
        Self::on(pool, &server.url("ohe"), Arc::new(SystemClock)).await
    }

    async fn on(pool: PgPool, url: &str, clock: Arc<dyn Clock>) -> Self {
        sample_data::create_tables(&pool, sample_data::Tables::Orgs).await.unwrap();
        let vendor = Simulator::new(Arc::clone(&clock));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let environment = environment(url, &format!("http://{}", listener.local_addr().unwrap()));
        let serving = vendor.clone();
        tokio::spawn(async move { serving.serve(listener, std::future::pending()).await });
        let world = Self { pool, vendor, environment, clock };
        let install = world.install();
        install.prepare().await.unwrap();
        install.services.close().await;
        world
    }

    /// Changes the environment of the programs and installs that are started from now on.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.environment.insert(name.to_owned(), value.to_owned());
    }

    pub(crate) fn config(&self) -> Config {
        Config::read(&self.environment).unwrap()
    }

    /// The services in this process, on this world's clock.
    pub(crate) fn install(&self) -> Arc<Install> {
        Install::new(&self.config(), Arc::clone(&self.clock)).unwrap()
    }

    pub(crate) fn store(&self) -> Store {
        Store::new(self.pool.clone())
    }

    /// Starts the program itself, as a process.
    pub(crate) fn start(&self, arguments: &[&str]) -> Program {
        Program::start(&self.environment, arguments)
    }

    /// Stores batches that were collected an hour apart, the last one an hour before `now`. They are told apart by their
    /// only metric, which counts from 0.
    pub(crate) async fn collected_before(&self, now: DateTime<Utc>, batches: u32) {
        for number in 0..batches {
            self.collected_at(now - TimeDelta::hours(i64::from(batches - number)), number, None).await;
        }
    }

    /// Stores one such batch.
    pub(crate) async fn collected_at(&self, at: DateTime<Utc>, number: u32, slot: Option<DateTime<Utc>>) {
        let metrics = [("total_users".to_owned(), MetricValue::Int(i64::from(number)))].into();
        let database = OheDatabase { generation: Generation::Orgs, revision: None, answerable: 1, known: 1 };
        let batch = NewBatch { collected_at: at, slot, by_hand: false, database, metrics, runs: Vec::new() };
        self.store().insert_batch(&batch).await.unwrap();
    }

    /// The requests that came to `endpoint`, oldest first.
    pub(crate) fn requests(&self, endpoint: Endpoint) -> Vec<LoggedRequest> {
        let mut requests = self.vendor.snapshot().requests;
        requests.retain(|request| request.path == endpoint.path());
        requests
    }

    /// How many requests came to `endpoint`.
    pub(crate) fn count(&self, endpoint: Endpoint) -> u64 {
        self.vendor.snapshot().counts.by_endpoint.get(endpoint.word()).copied().unwrap_or_default()
    }

    pub(crate) async fn pending(&self) -> u64 {
        self.store().count_batches().await.unwrap().pending
    }
}

fn environment(database_url: &str, vendor_url: &str) -> BTreeMap<String, String> {
    [
        ("DATABASE_URL", database_url),
        ("KEYCLOAK_SERVER_URL", "http://127.0.0.1:9/auth"),
        ("KEYCLOAK_REALM_NAME", "openhands"),
        ("GITHUB_APP_CLIENT_ID", "test"),
        ("OPENHANDS_ADMIN_EMAIL", ADMIN),
        ("REPLICATED_BASE_URL", vendor_url),
        ("REPLICATED_PUBLISHABLE_KEY", "replicated_pk_test"),
        ("TELEMETRY_BIND", "127.0.0.1:0"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}
