//! The service under a database role of its own, in both ways of installing it: a role that may create nothing, and one that
//! makes its tables itself.

use std::collections::BTreeMap;
use std::process::Output;
use std::sync::Arc;

use chrono::TimeDelta;
use domain::clock::{Clock, SystemClock};
use ohe_telemetry::config::Config;
use ohe_telemetry::install::Install;
use ohe_telemetry::jobs::{self, JobLimits};
use ohe_telemetry::services::{CollectionOutcome, DeliveryOutcome};
use private_postgres::testing::TestDatabase;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgPool};
use tokio_util::sync::CancellationToken;

use crate::command::command;
use crate::fixture::{Fixture, at};

const READS: &str = include_str!("../../../docs/grants.sql");
const CREATES: &str = include_str!("../../../docs/grants-create.sql");

/// OHE's database as an install has it: its owner is no superuser, and other roles may create nothing in it.
struct Ohe {
    database: TestDatabase,
    /// The vendor, and an environment to start from.
    fixture: Fixture,
    owner: String,
    service: String,
}

impl Ohe {
    async fn new() -> Self {
        let database = TestDatabase::empty().await;
        // Roles are the server's, which all tests of this process share.
        let (owner, service) = (format!("ohe_of_{}", database.name()), format!("telemetry_of_{}", database.name()));
        let ohe = Self { database, fixture: Fixture::new().await, owner, service };
        ohe.run(&format!(
            "CREATE ROLE {owner} LOGIN; CREATE ROLE {service} LOGIN;
             ALTER DATABASE {name} OWNER TO {owner};
             ALTER SCHEMA public OWNER TO {owner};
             REVOKE CREATE ON SCHEMA public FROM PUBLIC;
             REVOKE ALL ON DATABASE {name} FROM PUBLIC",
            owner = ohe.owner,
            service = ohe.service,
            name = ohe.database.name(),
        ))
        .await;
        let pool = ohe.pool_of(&ohe.owner);
        sample_data::create_tables(&pool, sample_data::Tables::Orgs).await.unwrap();
        sample_data::create_older_telemetry_tables(&pool).await.unwrap();
        ohe
    }

    /// As the superuser.
    async fn run(&self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(self.database.pool()).await.unwrap();
    }

    /// One of the scripts for operators, with this test's role in the place of the documented one.
    fn script(&self, text: &str) -> String {
        text.replace("ohe_telemetry", &self.service)
    }

    fn pool_of(&self, role: &str) -> PgPool {
        store::connect(self.database.connect_options().username(role), 2)
    }

    fn environment_of(&self, role: &str) -> BTreeMap<String, String> {
        let mut environment = self.fixture.environment.clone();
        let options = self.database.connect_options().username(role);
        environment.insert("DATABASE_URL".to_owned(), options.to_url_lossy().to_string());
        environment
    }

    fn install(&self, clock: impl Clock + 'static) -> Arc<Install> {
        Install::new(&Config::read(&self.environment_of(&self.service)).unwrap(), Arc::new(clock)).unwrap()
    }

    async fn program(&self, role: &str, arguments: &[&str]) -> Output {
        command(&self.environment_of(role), arguments).output().await.unwrap()
    }

    /// What the owner runs at installation and at each upgrade.
    async fn migrate_and_grant(&self) -> Value {
        let output = self.program(&self.owner, &["migrate", "--grant-to", &self.service]).await;
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What holds in both ways of installing: OHE's owner goes on with the tables that OHE's own migrations made, and the
    /// service reads nothing that it does not need.
    async fn assert_that_neither_takes_from_the_other(&self) {
        let owner = self.pool_of(&self.owner);
        for table in ["telemetry_metrics", "telemetry_replicated_identity"] {
            let alter = format!("ALTER TABLE {table} ADD COLUMN of_ohe text; SELECT of_ohe FROM {table}");
            sqlx::raw_sql(AssertSqlSafe(alter)).execute(&owner).await.unwrap();
        }
        let service = self.pool_of(&self.service);
        let secrets = sqlx::query("SELECT key FROM api_keys").execute(&service).await;
        assert!(secrets.is_err(), "what no metric needs may not be read");
        let is_member: bool = sqlx::query_scalar("SELECT pg_has_role($1::name, $2::name, 'MEMBER')")
            .bind(&self.service)
            .bind(&self.owner)
            .fetch_one(&service)
            .await
            .unwrap();
        assert!(!is_member, "the service would have all rights of OHE's owner");
    }

    /// Whether the service's role may create anything, anywhere in this database.
    async fn may_create(&self) -> bool {
        sqlx::query_scalar(
            "SELECT has_database_privilege($1, current_database(), 'CREATE, TEMPORARY')
                OR EXISTS (SELECT FROM pg_namespace WHERE has_schema_privilege($1, oid, 'CREATE'))",
        )
        .bind(&self.service)
        .fetch_one(self.database.pool())
        .await
        .unwrap()
    }
}

fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn the_whole_service_runs_under_a_role_that_may_create_nothing() {
    let ohe = Ohe::new().await;
    assert_eq!(ohe.migrate_and_grant().await, json!({"status": "completed", "granted_to": ohe.service}));
    sqlx::raw_sql(AssertSqlSafe(ohe.script(READS))).execute(&ohe.pool_of(&ohe.owner)).await.unwrap();
    assert!(!ohe.may_create().await);

    // Everything that `worker` runs, by the machine's clock: a first collection, its delivery, the housekeeping.
    let install = ohe.install(SystemClock);
    install.prepare().await.unwrap();
    let shutdown = CancellationToken::new();
    let worker = tokio::spawn(jobs::run(Arc::clone(&install), JobLimits::default(), shutdown.clone()));
    // The vendor's own log is the event to wait for: the check-in follows the delivery.
    while !ohe.fixture.vendor.snapshot().requests.iter().any(|request| request.path.ends_with("/info")) {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    shutdown.cancel();
    worker.await.unwrap();
    let counts = install.services.store.count_batches().await.unwrap();
    assert_eq!((counts.pending, counts.delivered), (0, 1));
    install.services.job_store.prune_attempts(TimeDelta::zero()).await.unwrap();
    install.queue.prune().await.unwrap();
    let collection = install.services.collection.collect(install.services.clock.now(), None).await.unwrap();
    let unreadable = collection.runs.iter().flat_map(|run| &run.missing).filter(|missing| !missing.columns.is_empty());
    assert_eq!(unreadable.count(), 0, "each column that is there may be read");

    assert_eq!(ohe.program(&ohe.service, &["doctor"]).await.status.code(), Some(0));
    assert_eq!(ohe.program(&ohe.service, &["migrate"]).await.status.code(), Some(0), "nothing is left to migrate");
    assert_eq!(ohe.migrate_and_grant().await["status"], "completed", "a second time as well");
    ohe.assert_that_neither_takes_from_the_other().await;
}

#[tokio::test]
async fn a_role_that_may_create_makes_its_tables_itself() {
    let ohe = Ohe::new().await;
    sqlx::raw_sql(AssertSqlSafe(ohe.script(READS))).execute(&ohe.pool_of(&ohe.owner)).await.unwrap();
    for _ in 0..2 {
        ohe.run(&ohe.script(CREATES)).await;
    }
    let install = ohe.install(ohe.fixture.clock.clone());
    install.prepare().await.unwrap();
    let collected = install.services.collection.run_for_slot(Some(at("2025-11-09T02:00:00Z"))).await.unwrap();
    let CollectionOutcome::Completed { collectors_run, .. } = collected else { panic!("{collected:?}") };
    assert!(collectors_run.values().all(Value::is_number), "{collectors_run:?}");
    let delivered = install.services.delivery.deliver().await.unwrap();
    assert_eq!(delivered, DeliveryOutcome::Completed { uploaded: 1, failed: 0, total_processed: 1 });
    let due = install.services.scheduling.due(at("2025-11-16T02:00:00Z")).await.unwrap().remove(0);
    install.queue.enqueue(&due).await.unwrap();
    ohe.assert_that_neither_takes_from_the_other().await;
    ohe.migrate_and_grant().await;
}

#[tokio::test]
async fn tables_that_the_role_may_not_make_are_answered_with_the_command_that_makes_them() {
    let ohe = Ohe::new().await;
    ohe.run(&ohe.script(READS)).await;
    let helps = format!("run `ohe-telemetry migrate --grant-to {}` as the owner of OHE's database", ohe.service);
    let migrate = async || {
        let output = ohe.program(&ohe.service, &["migrate"]).await;
        assert_eq!(output.status.code(), Some(1));
        error(&output)
    };
    let text = migrate().await;
    assert!(text.contains(&helps), "missing: {text}");
    ohe.migrate_and_grant().await;
    for (what, change) in [
        ("a right", format!("REVOKE INSERT ON telemetry_audit_log FROM {}", ohe.service)),
        ("a right on the queue", format!("REVOKE DELETE ON apalis.jobs FROM {}", ohe.service)),
        ("a right to see the ledger", format!("REVOKE SELECT ON telemetry_schema_migrations FROM {}", ohe.service)),
        ("a right to see the queue", format!("REVOKE USAGE ON SCHEMA apalis FROM {}", ohe.service)),
    ] {
        ohe.run(&change).await;
        let text = migrate().await;
        assert!(text.contains(&helps), "{what}: {text}");
        ohe.migrate_and_grant().await;
        assert_eq!(ohe.program(&ohe.service, &["migrate"]).await.status.code(), Some(0), "{what}");
    }
    ohe.run("DELETE FROM telemetry_schema_migrations WHERE version = (SELECT max(version) FROM telemetry_schema_migrations)")
        .await;
    let text = migrate().await;
    assert!(text.contains(&helps), "old: {text}");
    let nobody = ohe.program(&ohe.owner, &["migrate", "--grant-to", "nobody"]).await;
    assert_eq!(nobody.status.code(), Some(1));
}

#[tokio::test]
async fn an_older_queue_is_answered_with_the_command_too() {
    let ohe = Ohe::new().await;
    ohe.migrate_and_grant().await;
    ohe.run("DELETE FROM apalis._sqlx_migrations WHERE version = (SELECT max(version) FROM apalis._sqlx_migrations)")
        .await;
    let helps = format!("run `ohe-telemetry migrate --grant-to {}` as the owner of OHE's database", ohe.service);
    let text = error(&ohe.program(&ohe.service, &["migrate"]).await);
    assert!(text.contains("job queue's tables") && text.contains(&helps), "{text}");
    ohe.migrate_and_grant().await;
    ohe.install(SystemClock).prepare().await.unwrap();
}
