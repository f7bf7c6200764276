//! One sender, and one collector, at a time.

use sqlx::Connection as _;
use store::{ExclusiveRight, Store};

use crate::samples::{another, migrated};

/// Waits until nobody holds the lock, by waiting in line for it.
async fn until_free(database: &private_postgres::testing::TestDatabase) {
    let mut connection = sqlx::PgConnection::connect_with(&database.connect_options()).await.unwrap();
    sqlx::query("SELECT pg_advisory_lock(hashtextextended('ohe-telemetry sender in ' || current_schema(), 0))")
        .execute(&mut connection)
        .await
        .unwrap();
    sqlx::query("SELECT pg_advisory_unlock_all()").execute(&mut connection).await.unwrap();
}

async fn take(store: &Store) -> Option<ExclusiveRight> {
    store.try_sender_lock().await.unwrap()
}

#[tokio::test]
async fn one_process_has_the_lock_and_the_others_are_told_at_once() {
    let (database, store) = migrated().await;
    let other = another(&database);
    let mut lock = take(&store).await.unwrap();
    assert!(lock.is_held().await);
    assert!(take(&other).await.is_none());
    assert!(take(&store).await.is_none(), "not even another task of the same process");
    lock.release().await.unwrap();
    assert!(take(&other).await.is_some());
}

#[tokio::test]
async fn who_collects_does_not_keep_others_from_sending() {
    let (database, store) = migrated().await;
    let collecting = store.try_collector_lock().await.unwrap();
    assert!(collecting.is_some());
    assert!(another(&database).try_collector_lock().await.unwrap().is_none());
    assert!(take(&store).await.is_some());
}

#[tokio::test]
async fn dropping_the_lock_gives_it_back() {
    let (database, store) = migrated().await;
    drop(take(&store).await.unwrap());
    until_free(&database).await;
    assert!(take(&another(&database)).await.is_some());
}

#[tokio::test]
async fn the_lock_is_lost_with_its_connection_and_the_holder_can_tell() {
    let (database, store) = migrated().await;
    let mut lock = take(&store).await.unwrap();
    sqlx::query(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database =
                 (SELECT oid FROM pg_database WHERE datname = current_database())",
    )
    .execute(database.pool())
    .await
    .unwrap();
    until_free(&database).await;
    assert!(!lock.is_held().await);
    assert!(take(&another(&database)).await.is_some());
    lock.release().await.unwrap_err();
}

#[tokio::test]
async fn installs_in_different_schemas_do_not_wait_for_each_other() {
    let (database, store) = migrated().await;
    sqlx::query("CREATE SCHEMA second").execute(database.pool()).await.unwrap();
    let second = Store::new(store::connect(database.connect_options().options([("search_path", "second")]), 2));
    second.migrate().await.unwrap();
    let _lock = take(&store).await.unwrap();
    assert!(take(&second).await.is_some());
}
