//! Twelve hours of an install whose vendor comes and goes.

use chrono::{DateTime, TimeDelta, Utc};
use domain::delivery::backoff;
use replicated::simulator::{Endpoint, Fault, LoggedRequest, RetryAfter};

use crate::deliveries::assert_complete;
use crate::simulation::{Simulation, TICK};

fn at(text: &str) -> DateTime<Utc> {
    format!("2025-11-16T{text}Z").parse().unwrap()
}

/// A Sunday with a collection at 02:00 and a delivery at 03:00. The vendor is away when that delivery is due, then asks to
/// be left alone, and is away for a moment now and then.
const OUTAGES: [(&str, &str); 5] = [
    ("02:59:00", "03:40:00"),
    ("03:40:00", "04:20:00"),
    ("07:00:00", "07:01:00"),
    ("08:05:00", "08:25:00"),
    ("11:00:00", "11:30:00"),
];
/// What the vendor asks for in the second outage.
const LEFT_ALONE: u32 = 600;

fn fault(outage: usize) -> Fault {
    let status = |status, retry_after| Fault::Status { status, message: None, retry_after };
    match outage {
        1 => status(429, Some(RetryAfter::DateInSeconds(LEFT_ALONE))),
        2 => Fault::Reset,
        4 => Fault::Html,
        _ => status(503, None),
    }
}

/// A Sunday's requests, oldest first.
async fn lived() -> (Simulation, Vec<LoggedRequest>) {
    let mut simulation = Simulation::starting_at("2025-11-09T02:00:00Z").await;
    // A week ago it made its first batch, and so its slots are these.
    simulation.tick().await;
    assert_eq!(simulation.world.count(Endpoint::Metrics), 1);
    simulation.clock.set(at("00:00:00"));
    for (index, (start, end)) in OUTAGES.into_iter().enumerate() {
        simulation.run_until(at(start)).await;
        simulation.world.vendor.fail(fault(index).into());
        simulation.run_until(at(end)).await;
        simulation.world.vendor.heal();
    }
    simulation.run_until(at("12:00:00")).await;
    let mut requests = simulation.world.vendor.snapshot().requests;
    requests.retain(|request| request.at >= at("00:00:00"));
    (simulation, requests)
}

fn is_out(now: DateTime<Utc>) -> bool {
    OUTAGES.iter().any(|(start, end)| (at(start)..at(end)).contains(&now))
}

#[tokio::test]
async fn collections_deliveries_retries_and_check_ins_happen_when_they_are_promised() {
    let (simulation, requests) = lived().await;
    let batches = simulation.world.store().list_batches(None, 0, 9).await.unwrap();
    assert_eq!(batches.len(), 2, "one collection in the slot");
    assert_eq!((batches[0].slot, batches[0].collected_at), (Some(at("02:00:00")), at("02:00:00")));
    let jitter = simulation.install.services.scheduling.schedule().await.unwrap().jitter;
    assert_retries(&requests, jitter);
    assert_left_alone(&requests);
    assert_check_ins(&requests);
    assert_eq!(simulation.world.pending().await, 0);
}

/// The delivery begins in its slot, is tried again after the backoff, and arrives at the latest one wait after the outage.
fn assert_retries(requests: &[LoggedRequest], jitter: f64) {
    let tries = requests.iter().filter(|request| request.path == Endpoint::Metrics.path()).collect::<Vec<_>>();
    assert_eq!(tries[0].at, at("03:00:00"));
    for (failures, pair) in (1..).zip(tries.windows(2)) {
        let (waited, wait) = (pair[1].at - pair[0].at, TimeDelta::from_std(backoff(failures, jitter)).unwrap());
        assert!(waited >= wait, "try {failures}: {waited} is sooner than {wait}");
        // A check-in may have been asked to wait as well.
        let asked = TimeDelta::seconds(i64::from(LEFT_ALONE));
        let latest = if pair[0].at + wait >= at("03:40:00") { wait + asked } else { wait };
        assert!(waited <= latest + TICK, "try {failures}: {waited} is later than {latest}");
    }
    let (last, failed) = tries.split_last().unwrap();
    assert!(last.status == Some(200) && failed.iter().all(|request| request.status.is_none()));
    assert!(failed.len() >= 4, "{}", failed.len());
    assert!(last.at <= at("04:20:00") + TimeDelta::from_std(domain::delivery::LONGEST_RETRY).unwrap());
}

/// After a 429 nothing is asked of the vendor for as long as it said.
fn assert_left_alone(requests: &[LoggedRequest]) {
    let mut refused = 0;
    for pair in requests.windows(2) {
        if matches!(pair[0].fault, Some(Fault::Status { status: 429, .. })) {
            refused += 1;
            assert!(pair[1].at - pair[0].at >= TimeDelta::seconds(i64::from(LEFT_ALONE)), "{pair:?}");
        }
    }
    assert!(refused >= 2, "{refused}");
}

/// The vendor accepts a check-in every 4 hours; only where it is away when one is due, later, by a wait at most.
fn assert_check_ins(requests: &[LoggedRequest]) {
    let accepted =
        requests.iter().filter(|request| request.path == Endpoint::CheckIn.path() && request.status.is_some());
    let mut heard = vec![at("00:00:00")];
    heard.extend(accepted.map(|request| request.at));
    heard.push(at("12:00:00"));
    assert!(heard.len() >= 5, "{heard:?}");
    for pair in heard.windows(2) {
        let by = pair[0] + TimeDelta::hours(4);
        assert!(pair[1] <= by || is_out(by - TimeDelta::minutes(10)) || is_out(by), "{pair:?}");
    }
}

#[tokio::test]
async fn a_vendor_who_refuses_every_third_request_gets_everything_in_time() {
    let mut simulation = Simulation::starting_at("2025-11-10T12:00:00Z").await;
    simulation.world.collected_before(simulation.now(), 30).await;
    let when = replicated::simulator::When::Flapping { fail: 1, pass: 2 };
    simulation.world.vendor.fail(replicated::simulator::Rule { fault: fault(0), endpoint: None, when });
    simulation.run_until(simulation.now() + TimeDelta::hours(12)).await;
    assert_complete(&simulation.world, 30).await;
    let check_ins = simulation.world.requests(Endpoint::CheckIn);
    let accepted = check_ins.iter().filter(|request| request.status == Some(200)).map(|request| request.at);
    let accepted = accepted.collect::<Vec<_>>();
    assert!(accepted.windows(2).all(|pair| pair[1] - pair[0] <= TimeDelta::hours(4)), "{accepted:?}");
    assert!(simulation.now() - accepted[accepted.len() - 1] <= TimeDelta::hours(4), "{accepted:?}");
}
