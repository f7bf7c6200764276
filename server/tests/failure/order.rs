//! The order of sending: the newest delivered batch is the last one sent, an outage costs little, and no batch keeps
//! another back.

use chrono::TimeDelta;
use domain::schedule::Work;
use ohe_telemetry::services::DeliveryOutcome;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use store::BatchState;
use tokio_util::sync::CancellationToken;

use crate::deliveries::{accepted, batches};
use crate::picky::{PickyVendor, Treatment};
use crate::simulation::Simulation;
use crate::wait::until;

const MONDAY: &str = "2025-11-10T12:00:00Z";

/// By when a vendor that recovers has got everything: the longest wait between two tries, and some ticks.
const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(65);

/// An install with so many waiting batches, and its vendor.
async fn waiting(number: u32) -> (Simulation, PickyVendor) {
    let picky = PickyVendor::start().await;
    let simulation = Simulation::with(MONDAY, |config| picky.stand_before(config)).await;
    simulation.world.collected_before(simulation.now(), number).await;
    (simulation, picky)
}

/// The numbers of the batches in this state.
async fn in_state(simulation: &Simulation, state: BatchState) -> Vec<u64> {
    let batches = batches(&simulation.world).await;
    batches.into_iter().filter(|(_, batch)| batch.summary.state() == state).map(|(number, _)| number).collect()
}

/// Delivers, and gives the numbers of the batches in the order in which they were sent.
async fn deliver(simulation: &Simulation, picky: &PickyVendor) -> Vec<u64> {
    simulation.install.services.delivery.deliver().await.unwrap();
    picky.take_seen()
}

#[tokio::test]
async fn batches_that_always_fail_keep_no_other_back() {
    for failing in [&[0, 1, 2][..], &[0, 5], &[0, 3, 4, 5], &[1, 4], &[0, 1, 2, 3, 4]] {
        let (mut simulation, picky) = waiting(6).await;
        for &number in failing {
            picky.treat(number, Some(Treatment::Status(500)));
        }
        simulation.run_until(simulation.now() + TimeDelta::minutes(30)).await;
        assert_eq!(in_state(&simulation, BatchState::Pending).await, failing, "all others are delivered");
        picky.heal();
        simulation.run_until_delivered(LONGEST_WAIT).await;
        assert_eq!(accepted(&simulation.world).last(), Some(&5), "{failing:?}: the newest is the last one sent");
    }
}

#[tokio::test]
async fn the_oldest_fails_and_the_newest_shows_that_the_vendor_answers() {
    let (simulation, picky) = waiting(6).await;
    for number in 0..3 {
        picky.treat(number, Some(Treatment::Status(503)));
    }
    assert_eq!(deliver(&simulation, &picky).await, [0, 5, 1, 2, 3, 4, 5]);
    assert_eq!(deliver(&simulation, &picky).await, [0, 1], "the vendor may be away, and two tell");
    picky.heal();
    assert_eq!(deliver(&simulation, &picky).await, [0, 1, 2, 5]);
    assert_eq!(deliver(&simulation, &picky).await, [0; 0]);
}

#[tokio::test]
async fn an_outage_costs_two_requests_at_each_retry_however_long_the_line_is() {
    let (mut simulation, picky) = waiting(52).await;
    for number in 0..52 {
        picky.treat(number, Some(Treatment::Status(503)));
    }
    simulation.run_until(simulation.now() + TimeDelta::hours(6)).await;
    let seen = picky.take_seen();
    let retries = seen.iter().filter(|&&number| number == 0).count();
    assert!((10..=20).contains(&retries), "backed off to half an hour or an hour, as the jitter has it: {retries}");
    assert_eq!(seen.len(), 2 * retries, "{seen:?}");
    assert_eq!(seen[..2], [0, 51], "the oldest and the newest");
}

#[tokio::test]
async fn a_refused_batch_is_set_aside_although_the_process_dies_after_another_one_is_accepted() {
    let (simulation, picky) = waiting(3).await;
    picky.treat(0, Some(Treatment::Status(422)));
    picky.treat(2, Some(Treatment::Hang));
    let install = std::sync::Arc::clone(&simulation.install);
    let doomed = tokio::spawn(async move { install.services.delivery.deliver().await });
    until("the last batch is sent", async || picky.take_seen().contains(&2)).await;
    doomed.abort();
    assert!(doomed.await.unwrap_err().is_cancelled());
    assert_eq!(in_state(&simulation, BatchState::SetAside).await, [0]);
    assert_eq!(in_state(&simulation, BatchState::Delivered).await, [1]);
}

#[tokio::test]
async fn a_run_that_ends_before_the_newest_is_sent_again_is_made_up_for_and_counts_nothing() {
    let (mut simulation, picky) = waiting(2).await;
    picky.treat(0, Some(Treatment::Status(500)));
    assert_eq!(deliver(&simulation, &picky).await, [0, 1]);
    picky.heal();
    let stop = picky.stop_after(1);
    simulation.install.services.delivery.deliver_until(&stop).await.unwrap();
    assert_eq!(picky.take_seen(), [0], "and the process is gone");
    let before = batches(&simulation.world).await.remove(&1).unwrap().summary;
    picky.treat(1, Some(Treatment::Status(500)));
    simulation.run_until(simulation.now() + TimeDelta::minutes(10)).await;
    let seen = picky.take_seen();
    assert!((3..=6).contains(&seen.len()) && seen.iter().all(|&number| number == 1), "with backoff: {seen:?}");
    picky.heal();
    simulation.run_until(simulation.now() + LONGEST_WAIT).await;
    assert_eq!(picky.take_seen(), [1], "and once it gets through, no more");
    assert_eq!(accepted(&simulation.world), [1, 0, 1]);
    assert_eq!(batches(&simulation.world).await.remove(&1).unwrap().summary, before);
    let outcome = simulation.install.services.delivery.deliver_until(&CancellationToken::new()).await.unwrap();
    assert_eq!(outcome, DeliveryOutcome::NoPendingMetrics);
}

/// Some hours in which batches come, fail in their own ways, are set aside and returned, and runs are cut short.
async fn lives(seed: u64) {
    let (mut simulation, picky) = waiting(2).await;
    let mut numbers = ChaCha8Rng::seed_from_u64(seed);
    let mut collected = 2;
    for _ in 0..40 {
        match numbers.random_range(0..6) {
            0 => {
                simulation.world.collected_at(simulation.now(), collected, None).await;
                collected += 1;
            }
            1 | 2 => {
                let treatment = [None, Some(422), Some(500), Some(503), Some(408), Some(429), Some(403)];
                let treatment = treatment.choose(&mut numbers).unwrap().map(Treatment::Status);
                picky.treat(numbers.random_range(0..u64::from(collected)), treatment);
            }
            3 => {
                for number in in_state(&simulation, BatchState::SetAside).await {
                    let id = batches(&simulation.world).await[&number].summary.id;
                    simulation.world.store().return_to_pending(id).await.unwrap();
                }
            }
            4 => {
                let stop = picky.stop_after(numbers.random_range(1..4));
                simulation.install.services.delivery.deliver_until(&stop).await.unwrap();
            }
            _ => simulation.run_until(simulation.now() + TimeDelta::minutes(numbers.random_range(1..30))).await,
        }
        simulation.clock.advance(TimeDelta::seconds(15));
    }
    picky.heal();
    // Then what failed is tried again, and the rest waits for its slot.
    simulation.run_until(simulation.now() + LONGEST_WAIT).await;
    assert_portal_shows_the_newest(&simulation, seed).await;
    deliver(&simulation, &picky).await;
    assert_eq!(simulation.world.pending().await, 0, "seed {seed}");
    assert_portal_shows_the_newest(&simulation, seed).await;
    let due = simulation.install.services.scheduling.due(simulation.now()).await.unwrap();
    assert!(due.iter().all(|due| due.work != Work::Upload), "seed {seed}: {due:?}");
    assert_eq!(deliver(&simulation, &picky).await, [0; 0], "seed {seed}: nothing more is sent");
}

async fn assert_portal_shows_the_newest(simulation: &Simulation, seed: u64) {
    let newest = in_state(simulation, BatchState::Delivered).await.last().copied();
    assert_eq!(accepted(&simulation.world).last().copied(), newest, "seed {seed}");
}

#[tokio::test]
async fn at_rest_the_portal_shows_the_newest_delivered_batch_whatever_went_before() {
    for seed in 0..6 {
        lives(seed).await;
    }
}
