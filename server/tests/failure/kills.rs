//! Workers that are killed in mid-air.

use std::collections::BTreeSet;
use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use replicated::simulator::{Endpoint, Fault, Rule, When};

use serde_json::json;

use crate::deliveries::{accepted, assert_complete, assert_in_order};
use crate::wait::until;
use crate::world::World;

const BATCHES: u32 = 50;
const KILLS: u32 = 30;

/// A vendor who takes a while makes room for a kill before, within and after a request.
const A_WHILE: Fault = Fault::SlowHead { milliseconds: 200 };

/// Prints one line of JSON, for `cargo xtask bench`.
#[expect(clippy::print_stdout, reason = "a figure that is promised")]
fn print_figures(world: &World) {
    let arrived: BTreeSet<_> = accepted(world).into_iter().collect();
    println!("{}", json!({"kills": KILLS, "batches": BATCHES, "lost": BATCHES as usize - arrived.len()}));
}

#[tokio::test]
async fn thirty_kills_during_a_delivery_lose_nothing() {
    let mut numbers = ChaCha8Rng::seed_from_u64(3);
    let world = World::new().await;
    world.collected_before(world.clock.now(), BATCHES).await;
    world.vendor.fail(Rule { fault: A_WHILE, endpoint: Some(Endpoint::Metrics), when: When::UntilHealed });
    for kill in 0..KILLS {
        let seen = world.count(Endpoint::Metrics);
        let worker = world.start(&["worker"]);
        // Where a life left no trace, its job has to be taken over, which takes half a minute: two of these are enough.
        let requests = if kill % 15 == 4 { 1 } else { 2 };
        until("a request", async || world.count(Endpoint::Metrics) >= seen + requests).await;
        tokio::time::sleep(Duration::from_millis(numbers.random_range(0..230))).await;
        worker.kill().await;
    }
    assert!(world.pending().await > 0, "the last kill, too, was in mid-air");
    let survivor = world.start(&["worker"]);
    until("everything is delivered", async || world.pending().await == 0).await;
    survivor.ends_in_good_order().await;
    print_figures(&world);
    assert_complete(&world, u64::from(BATCHES)).await;
    assert_in_order(&world);
}

#[tokio::test]
async fn a_dead_workers_job_is_taken_over_by_one_that_runs() {
    let world = World::new().await;
    world.collected_before(world.clock.now(), 3).await;
    world.vendor.fail(Rule { fault: Fault::Hang, endpoint: Some(Endpoint::Customer), when: When::Requests(1) });
    let doomed = world.start(&["worker"]);
    until("the vendor is asked", async || world.count(Endpoint::Customer) == 1).await;
    let heir = world.start(&["worker"]);
    doomed.kill().await;
    until("everything is delivered", async || world.pending().await == 0).await;
    heir.ends_in_good_order().await;
    assert_complete(&world, 3).await;
    assert_in_order(&world);
}
