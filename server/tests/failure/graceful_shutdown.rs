//! SIGTERM while a job is in hand.

use replicated::simulator::{Endpoint, Fault, Rule, When};

use crate::deliveries::{accepted, assert_complete};
use crate::wait::until;
use crate::world::World;

#[tokio::test]
async fn the_batch_in_hand_is_finished_and_the_rest_handed_back() {
    let world = World::new().await;
    world.collected_before(world.clock.now(), 3).await;
    let slow = Fault::SlowHead { milliseconds: 1000 };
    world.vendor.fail(Rule { fault: slow, endpoint: Some(Endpoint::Metrics), when: When::Requests(1) });
    let mut worker = world.start(&["worker"]);
    until("a delivery is under way", async || world.count(Endpoint::Metrics) == 1).await;
    worker.terminate().await;
    assert_eq!(worker.ended().await.code(), Some(0), "{:#?}", worker.log());
    assert_eq!((accepted(&world), world.pending().await), (vec![0], 2), "sent, and marked");
    let running: i64 = sqlx::query_scalar("SELECT count(*) FROM apalis.jobs WHERE status IN ('Running', 'Queued')")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert_eq!(running, 0, "no job is left in dead hands");
    let next = world.start(&["worker"]);
    until("the rest is delivered", async || world.pending().await == 0).await;
    next.ends_in_good_order().await;
    assert_eq!(accepted(&world), [0, 1, 2], "each exactly once");
    assert_complete(&world, 3).await;
}
