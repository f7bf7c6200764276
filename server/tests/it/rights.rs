//! The service under the role that docs/grants.sql makes, and no more rights than that.

use std::sync::Arc;

use ohe_telemetry::config::Config;
use ohe_telemetry::install::Install;
use ohe_telemetry::services::{CollectionOutcome, DeliveryOutcome};
use private_postgres::testing::TestDatabase;
use sqlx::ConnectOptions as _;

use crate::fixture::{Fixture, at};

#[tokio::test]
async fn the_whole_service_runs_with_the_documented_rights_alone() {
    // A database of its own: the fixture's has our tables already, as the superuser's.
    let database = TestDatabase::empty().await;
    sample_data::create_tables(database.pool(), sample_data::Tables::Orgs).await.unwrap();
    sample_data::create_older_telemetry_tables(database.pool()).await.unwrap();
    sqlx::raw_sql("CREATE ROLE ohe_telemetry LOGIN").execute(database.pool()).await.unwrap();
    sqlx::raw_sql(include_str!("../../../docs/grants.sql")).execute(database.pool()).await.unwrap();
    let fixture = Fixture::new().await;
    let mut environment = fixture.environment.clone();
    let options = database.connect_options().username("ohe_telemetry");
    environment.insert("DATABASE_URL".to_owned(), options.to_url_lossy().to_string());
    let config = Config::read(&environment).unwrap();
    let install = Install::new(&config, Arc::new(fixture.clock.clone())).unwrap();
    install.prepare().await.unwrap();
    let collected = install.services.collection.run_for_slot(Some(at("2025-11-09T02:00:00Z"))).await.unwrap();
    let CollectionOutcome::Completed { collectors_run, .. } = collected else { panic!("{collected:?}") };
    assert!(collectors_run.values().all(serde_json::Value::is_number), "{collectors_run:?}");
    let delivered = install.services.delivery.deliver().await.unwrap();
    assert_eq!(delivered, DeliveryOutcome::Completed { uploaded: 1, failed: 0, total_processed: 1 });
    let due = install.services.scheduling.due(at("2025-11-16T02:00:00Z")).await.unwrap().remove(0);
    install.queue.enqueue(&due).await.unwrap();
    let secrets = sqlx::query("SELECT key FROM api_keys").execute(install.services.store.pool()).await;
    assert!(secrets.is_err(), "what no metric needs may not be read");
}
