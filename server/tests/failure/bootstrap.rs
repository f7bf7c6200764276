//! A new install: from the first administrator to the vendor.

use chrono::{DateTime, TimeDelta, Utc};
use replicated::simulator::Endpoint;
use sqlx::PgPool;

use crate::simulation::Simulation;
use crate::wait::{until, within};
use crate::world::World;

const PROMISE: TimeDelta = TimeDelta::minutes(3);

/// The first user logs in, accepts the terms, and has an address. As OHE makes it, with an organization of the same id.
async fn first_user(pool: &PgPool, at: DateTime<Utc>) {
    sqlx::query(
        "WITH org AS (
             INSERT INTO org (id, name, agent_settings, conversation_settings) VALUES (gen_random_uuid(), 'ann', '{}', '{}')
             RETURNING id
         )
         INSERT INTO \"user\" (id, current_org_id, role_id, first_login_at, accepted_tos, email)
         SELECT id, id, (SELECT id FROM role WHERE name = 'admin'), $1, $1, $2 FROM org",
    )
    .bind(at.naive_utc())
    .bind("ann@acme.example")
    .execute(pool)
    .await
    .unwrap();
}

#[tokio::test]
async fn whenever_the_administrator_appears_the_vendor_knows_within_three_minutes() {
    // Before, at and after each moment at which somebody looks.
    for seconds in [0, 1, 59, 119, 120, 121, 135, 179, 180, 181, 1234] {
        let mut simulation = Simulation::with("2025-11-10T12:00:00Z", |config| config.ohe.admin_email = None).await;
        let appears = simulation.now() + TimeDelta::seconds(seconds);
        simulation.run_until(appears).await;
        assert_eq!(simulation.world.store().list_batches(None, 0, 9).await.unwrap(), [], "nothing is collected before");
        first_user(&simulation.world.pool, appears).await;
        simulation.run_until(appears + PROMISE).await;
        let delivered = simulation.world.requests(Endpoint::Metrics);
        assert_eq!(delivered.len(), 1, "{seconds}");
        assert!(delivered[0].at - appears <= PROMISE, "{seconds}: {}", delivered[0].at);
        assert_eq!(simulation.world.store().list_batches(None, 0, 9).await.unwrap().len(), 1, "{seconds}");
    }
}

#[tokio::test]
async fn batches_from_before_the_administrator_wait_for_one() {
    let mut simulation = Simulation::with("2025-11-10T12:00:00Z", |config| config.ohe.admin_email = None).await;
    simulation.world.collected_before(simulation.now(), 2).await;
    simulation.run_until(simulation.now() + TimeDelta::hours(5)).await;
    assert_eq!(simulation.world.vendor.snapshot().requests, []);
    let appears = simulation.now();
    first_user(&simulation.world.pool, appears).await;
    simulation.run_until_delivered(PROMISE).await;
}

#[tokio::test]
async fn the_program_itself_keeps_the_promise() {
    let mut world = World::new().await;
    world.set("OPENHANDS_ADMIN_EMAIL", "");
    let workers = [world.start(&["worker"]), world.start(&["worker"])];
    until("somebody has looked", async || looked(&world.pool).await).await;
    assert_eq!(world.store().list_batches(None, 0, 9).await.unwrap(), [], "nothing is collected");
    first_user(&world.pool, world.clock.now()).await;
    within(PROMISE.to_std().unwrap(), "the vendor knows", async || world.count(Endpoint::Metrics) >= 1).await;
    until("the delivery ends", async || world.count(Endpoint::CheckIn) >= 1).await;
    for worker in workers {
        worker.ends_in_good_order().await;
    }
    assert_eq!(world.store().list_batches(None, 0, 9).await.unwrap().len(), 1, "one batch, however many replicas");
    assert_eq!(world.requests(Endpoint::Metrics).len(), 1);
}

async fn looked(pool: &PgPool) -> bool {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM apalis.jobs WHERE idempotency_key = 'collect:first' AND status = 'Done')",
    )
    .fetch_one(pool)
    .await
    .unwrap()
}
