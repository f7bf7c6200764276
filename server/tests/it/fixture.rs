//! An install on a database and against a vendor of its own, with a clock set by hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::clock::ManualClock;
use domain::ohe::{Generation, OheDatabase};
use ohe_telemetry::config::Config;
use ohe_telemetry::install::Install;
use ohe_telemetry::services::Services;
use private_postgres::testing::TestDatabase;
use replicated::simulator::Simulator;
use sqlx::PgPool;
use tokio::net::TcpListener;

pub(crate) const ADMIN: &str = "admin@acme.example";

/// A Monday on which nothing is due by the calendar.
pub(crate) const MONDAY: &str = "2025-11-10T12:00:00Z";

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// What a batch that was collected by hand at this time holds as its only metric, `total_users`.
pub(crate) fn day(text: &str) -> i64 {
    at(text).timestamp() / 86_400
}

/// Everything that one test works with.
pub(crate) struct Fixture {
    pub(crate) database: TestDatabase,
    pub(crate) vendor: Simulator,
    pub(crate) clock: ManualClock,
    pub(crate) install: Arc<Install>,
    pub(crate) environment: BTreeMap<String, String>,
}

impl Fixture {
    /// An install of OHE whose administrator is configured. It is Monday noon, and nothing was collected yet.
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// The same, with these variables changed.
    pub(crate) async fn with(changes: &[(&str, &str)]) -> Self {
        Self::on(sample_data::Tables::Orgs, changes).await
    }

    /// The same, on these tables of OHE.
    pub(crate) async fn on(tables: sample_data::Tables, changes: &[(&str, &str)]) -> Self {
        let database = TestDatabase::empty().await;
        sample_data::create_tables(database.pool(), tables).await.unwrap();
        let clock = ManualClock::new(at(MONDAY));
        let vendor = Simulator::new(Arc::new(clock.clone()));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let vendor_url = format!("http://{}", listener.local_addr().unwrap());
        let serving = vendor.clone();
        tokio::spawn(async move { serving.serve(listener, std::future::pending()).await });
        let mut environment = environment(&database.url(), &vendor_url);
        environment.extend(changes.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())));
        let config = Config::read(&environment).unwrap();
        let install = Install::new(&config, Arc::new(clock.clone())).unwrap();
        install.prepare().await.unwrap();
        Self { database, vendor, clock, install, environment }
    }

    /// Another process of the same install, with these variables changed.
    pub(crate) fn another_process(&self, changes: &[(&str, &str)]) -> Arc<Install> {
        let mut environment = self.environment.clone();
        environment.extend(changes.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())));
        Install::new(&Config::read(&environment).unwrap(), Arc::new(self.clock.clone())).unwrap()
    }

    pub(crate) fn services(&self) -> &Services {
        &self.install.services
    }

    pub(crate) fn pool(&self) -> &PgPool {
        self.database.pool()
    }

    pub(crate) fn set_time(&self, text: &str) {
        self.clock.set(at(text));
    }

    /// The vendor has registered this install as a customer.
    pub(crate) async fn is_known_to_the_vendor(&self) {
        let sql = "INSERT INTO telemetry_identity (customer_id) VALUES ('cust_1')
                   ON CONFLICT (id) DO UPDATE SET customer_id = excluded.customer_id";
        sqlx::raw_sql(sql).execute(self.pool()).await.unwrap();
    }

    /// Collects a batch by hand at this time. Batches of different days hold different metrics.
    pub(crate) async fn collect_at(&self, text: &str) {
        self.set_time(text);
        let batch = store::NewBatch {
            collected_at: at(text),
            slot: None,
            database: OheDatabase { generation: Generation::Orgs, revision: None, answerable: 1, known: 1 },
            by_hand: false,
            metrics: [("total_users".to_owned(), domain::metric::MetricValue::Int(day(text)))].into(),
            runs: Vec::new(),
        };
        self.services().store.insert_batch(&batch).await.unwrap();
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
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}
