//! A database that answers and takes no writes: read-only, or full.

use chrono::TimeDelta;
use replicated::simulator::Endpoint;

use crate::deliveries::assert_complete;
use crate::wait::until;
use crate::world::World;

/// New sessions take no writes (or do again), and the old ones end.
async fn set_read_only(world: &World, on: bool) {
    let set = format!(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = {on}', current_database()); END $$"
    );
    // This session may itself be one that takes no writes.
    let mut connection = world.pool.acquire().await.unwrap();
    sqlx::query("SET default_transaction_read_only = off").execute(&mut *connection).await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(set)).execute(&mut *connection).await.unwrap();
    sqlx::query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    .execute(&mut *connection)
    .await
    .unwrap();
}

#[tokio::test]
async fn a_read_only_database_is_named_and_waited_for() {
    let world = World::new().await;
    let running = world.start(&["worker"]);
    until("the first batch", async || world.count(Endpoint::CheckIn) == 1).await;
    set_read_only(&world, true).await;
    // Its tables are up to date, so it finds nothing to prepare, and waits like the other for work that can be recorded.
    let starting = world.start(&["worker"]);
    starting.logs_times(4, "read-only").await;
    let before = running.log().len();
    running.logs_times(6, "read-only").await;
    assert!(running.log().len() < before + 60, "no spin: {:#?}", running.log());
    assert_eq!(world.count(Endpoint::Metrics), 1, "nothing is sent that could not be recorded");
    set_read_only(&world, false).await;
    // A batch that has waited long enough not to wait for a slot.
    world.collected_at(world.clock.now() - TimeDelta::days(3), 7, None).await;
    until("the next batch", async || world.count(Endpoint::Metrics) == 2 && world.pending().await == 0).await;
    running.ends_in_good_order().await;
    starting.ends_in_good_order().await;
}

/// What PostgreSQL says when it cannot extend a table, for every write to ours. Fetching and ending jobs goes on, as their
/// rows find room among the dead ones.
const FULL: &str = "
    CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
    END $$;
    CREATE TRIGGER no_room BEFORE INSERT OR UPDATE ON telemetry_delivery_attempts EXECUTE FUNCTION no_room();
    CREATE TRIGGER no_room BEFORE INSERT OR UPDATE ON telemetry_metrics EXECUTE FUNCTION no_room()";

#[tokio::test]
async fn a_full_database_is_named_and_the_vendor_is_not_asked_over_and_over() {
    let world = World::new().await;
    world.collected_before(world.clock.now(), 2).await;
    sqlx::raw_sql(FULL).execute(&world.pool).await.unwrap();
    let worker = world.start(&["worker"]);
    worker.logs_times(2, "the database's disk is full").await;
    let requests = world.vendor.snapshot().counts.requests;
    assert_eq!(requests, 2, "one request for each try, and a wait in between: {:#?}", worker.log());
    assert!(worker.log().len() < 20, "{:#?}", worker.log());
    sqlx::raw_sql("DROP FUNCTION no_room CASCADE").execute(&world.pool).await.unwrap();
    until("everything is delivered", async || world.pending().await == 0).await;
    worker.ends_in_good_order().await;
    assert_complete(&world, 2).await;
}
