//! Failures by what a caller does about them.

use std::time::Duration;

use private_postgres::testing::TestDatabase;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use store::{Store, StoreError};

use crate::samples::{another, at, batch, collected, migrated};

#[tokio::test]
async fn a_database_without_our_tables_is_not_migrated() {
    let database = TestDatabase::empty().await;
    let store = another(&database);
    assert!(matches!(store.facts(at("2025-11-30T00:00:00Z")).await, Err(StoreError::NotMigrated(_))));
    let state = store.schema_state().await.unwrap();
    assert!(!state.is_current() && state.applied.is_empty() && !state.pending.is_empty(), "{state:?}");
}

#[tokio::test]
async fn a_read_only_database_is_told_apart_and_can_be_read() {
    let (database, store) = migrated().await;
    collected(&store, "2025-11-09T02:00:00Z").await;
    let read_only = database.connect_options().options([("default_transaction_read_only", "on")]);
    let store = Store::new(store::connect(read_only.clone(), 2));
    assert_eq!(store.migrate().await.unwrap(), Vec::<i64>::new(), "there is nothing to do");
    assert_eq!(store.facts(at("2025-11-30T00:00:00Z")).await.unwrap().pending, 1);
    assert!(matches!(store.insert_batch(&batch("2025-11-16T02:00:00Z")).await, Err(StoreError::ReadOnly(_))));

    let empty = TestDatabase::empty().await;
    let store = Store::new(store::connect(read_only.database(empty.name()), 2));
    assert!(matches!(store.migrate().await, Err(StoreError::ReadOnly(_))));
}

#[tokio::test]
async fn a_full_disk_is_told_apart() {
    let (database, store) = migrated().await;
    sqlx::raw_sql(
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$;
         CREATE TRIGGER full_disk BEFORE INSERT ON telemetry_metrics EXECUTE FUNCTION full_disk()",
    )
    .execute(database.pool())
    .await
    .unwrap();
    assert!(matches!(store.insert_batch(&batch("2025-11-16T02:00:00Z")).await, Err(StoreError::DiskFull(_))));
}

#[tokio::test]
async fn a_server_that_is_away_is_unavailable_and_no_password_is_printed() {
    let options = PgConnectOptions::new().socket("/no/such/directory").username("ohe").password("hunter2");
    let pool = PgPoolOptions::new().acquire_timeout(Duration::from_millis(50)).connect_lazy_with(options);
    let error = Store::new(pool).ping().await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_database_that_does_not_exist_is_unavailable() {
    let (database, _) = migrated().await;
    let store = Store::new(store::connect(database.connect_options().database("no_such_database"), 1));
    assert!(matches!(store.ping().await, Err(StoreError::Unavailable(_))));
}

#[tokio::test]
async fn connections_that_the_server_cut_are_replaced() {
    let (database, _) = migrated().await;
    let store = another(&database);
    store.ping().await.unwrap();
    sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ohe-telemetry' AND datname = current_database()")
        .execute(database.pool())
        .await
        .unwrap();
    store.ping().await.unwrap();
    assert!(store.database_now().await.unwrap() > at("2025-01-01T00:00:00Z"));
}

#[tokio::test]
async fn a_server_that_was_demoted_is_left_for_the_one_that_took_its_place() {
    let database = TestDatabase::empty().await;
    let store = Store::new(store::connect(database.connect_options(), 1));
    store.migrate().await.unwrap();
    let backend =
        async || sqlx::query_scalar::<_, i32>("SELECT pg_backend_pid()").fetch_one(store.pool()).await.unwrap();
    let write = async || sqlx::query("CREATE TABLE IF NOT EXISTS written ()").execute(store.pool()).await;
    let before = backend().await;
    write().await.unwrap();
    assert_eq!(backend().await, before, "a connection that takes writes is kept");
    // What a session sees of a fail-over: its server takes no writes from now on, and new sessions reach another one.
    sqlx::query("SET default_transaction_read_only = on").execute(store.pool()).await.unwrap();
    write().await.unwrap();
    assert_ne!(backend().await, before);
}
