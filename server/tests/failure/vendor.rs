//! A vendor who fails in every way, and recovers.

use std::time::Duration;

use chrono::TimeDelta;
use domain::delivery::ErrorClass;
use futures::StreamExt as _;
use replicated::simulator::{Endpoint, Fault, RetryAfter, Rule, ServerCertificate, Simulator, When};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::deliveries::{assert_complete, assert_in_order};
use crate::simulation::Simulation;

const MONDAY: &str = "2025-11-10T12:00:00Z";

/// How long the vendor fails, and by when everything has arrived after that at the latest: the longest wait between two tries.
const OUTAGE: TimeDelta = TimeDelta::minutes(4);
const RECOVERY: TimeDelta = TimeDelta::minutes(61);

fn status(status: u16, retry_after: Option<RetryAfter>) -> Fault {
    Fault::Status { status, message: Some("no".to_owned()), retry_after }
}

/// Every failure, and the class under which it is recorded.
fn failures() -> Vec<(Fault, ErrorClass)> {
    let (seconds, date) = (Some(RetryAfter::Seconds(90)), Some(RetryAfter::DateInSeconds(90)));
    vec![
        (status(301, None), ErrorClass::BadReply),
        (status(400, None), ErrorClass::Rejected),
        (status(401, None), ErrorClass::Auth),
        (status(403, None), ErrorClass::Auth),
        (status(404, None), ErrorClass::Rejected),
        (status(408, None), ErrorClass::Timeout),
        (status(429, None), ErrorClass::RateLimited),
        (status(429, seconds), ErrorClass::RateLimited),
        (status(429, date), ErrorClass::RateLimited),
        (status(500, None), ErrorClass::Vendor),
        (status(503, seconds), ErrorClass::Vendor),
        (status(503, date), ErrorClass::Vendor),
        (Fault::Html, ErrorClass::BadReply),
        (Fault::InvalidUtf8, ErrorClass::BadReply),
        (Fault::HugeBody, ErrorClass::BadReply),
        (Fault::Truncated, ErrorClass::BadReply),
        (Fault::ResetInBody, ErrorClass::Connect),
        (Fault::Reset, ErrorClass::Connect),
        (Fault::Close, ErrorClass::Connect),
        (Fault::SlowHead { milliseconds: 60_000 }, ErrorClass::Timeout),
        (Fault::SlowBody { milliseconds: 60_000 }, ErrorClass::Timeout),
        (Fault::Hang, ErrorClass::Timeout),
    ]
}

/// The classes of all failures that were recorded.
async fn recorded(simulation: &Simulation) -> Vec<ErrorClass> {
    let attempts = simulation.world.store().recent_attempts(None, 1000).await.unwrap();
    attempts.into_iter().filter_map(|attempt| Some(attempt.failure?.class)).collect()
}

/// An install with three waiting batches lives through an outage that strikes `endpoint`, and recovers.
async fn survives(fault: Fault, class: ErrorClass, endpoint: Option<Endpoint>) {
    let what = format!("{fault:?} at {endpoint:?}");
    let mut simulation = Simulation::starting_at(MONDAY).await;
    simulation.world.collected_before(simulation.now(), 3).await;
    simulation.world.vendor.fail(Rule { fault, endpoint, when: When::UntilHealed });
    simulation.run_until(simulation.now() + OUTAGE).await;
    assert_eq!(simulation.world.pending().await, 3, "{what}");
    let failures = recorded(&simulation).await;
    assert!(failures.len() >= 3 && failures.iter().all(|&failure| failure == class), "{what}: {failures:?}");
    // 30 s, 60 s and 120 s lie in 4 minutes, or 15 s, 30 s, 60 s and 120 s; and each run gives up after three batches.
    assert!(failures.len() <= 5 * 3, "{what}: no hammering: {failures:?}");
    simulation.world.vendor.heal();
    simulation.run_until_delivered(RECOVERY).await;
    assert_complete(&simulation.world, 3).await;
    simulation.run_until(simulation.now() + TimeDelta::hours(4)).await;
    let instance = &simulation.world.vendor.snapshot().instances[0];
    assert!(instance.is_active(simulation.now()), "{what}");
}

/// All of them, some at a time: most of it is waiting, but connections to the database are limited.
async fn all_survive(endpoint: Option<Endpoint>) {
    let lives = failures().into_iter().map(|(fault, class)| survives(fault, class, endpoint));
    futures::stream::iter(lives).buffer_unordered(6).collect::<()>().await;
}

#[tokio::test]
async fn whatever_fails_with_the_batches_waiting_is_enough() {
    all_survive(Some(Endpoint::Metrics)).await;
}

#[tokio::test]
async fn whatever_fails_with_the_registration_waiting_is_enough() {
    all_survive(None).await;
}

#[tokio::test]
async fn tokens_revoked_over_and_over_cost_no_batch() {
    let mut simulation = Simulation::starting_at(MONDAY).await;
    simulation.world.collected_before(simulation.now(), 9).await;
    let when = When::Flapping { fail: 1, pass: 2 };
    simulation.world.vendor.fail(Rule { fault: Fault::RevokedToken, endpoint: Some(Endpoint::Metrics), when });
    simulation.run_until_delivered(RECOVERY).await;
    assert_complete(&simulation.world, 9).await;
    assert_eq!(simulation.world.vendor.snapshot().customers.len(), 1, "and make no second customer");
}

/// Serves `vendor` over TLS at the address of `listener`.
fn serve_tls(
    vendor: &Simulator,
    listener: TcpListener,
    certificate: &ServerCertificate,
) -> (JoinHandle<()>, CancellationToken) {
    let stop = CancellationToken::new();
    let (vendor, certificate, stopped) = (vendor.clone(), certificate.clone(), stop.clone().cancelled_owned());
    let serving = tokio::spawn(async move { vendor.serve_tls(listener, &certificate, stopped).await.unwrap() });
    (serving, stop)
}

#[tokio::test]
async fn a_wrong_certificate_is_told_from_the_rest_and_waited_out() {
    let ours = ServerCertificate::for_names(&["127.0.0.1"]).unwrap();
    let strangers = ServerCertificate::for_names(&["127.0.0.1"]).unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut simulation = Simulation::with(MONDAY, |config| {
        config.vendor.base_url = Url::parse(&format!("https://{address}")).unwrap();
        config.outbound.roots.trust(ours.authority_pem.as_bytes()).unwrap();
    })
    .await;
    simulation.world.collected_before(simulation.now(), 3).await;
    let (serving, stop) = serve_tls(&simulation.world.vendor, listener, &strangers);
    simulation.run_until(simulation.now() + OUTAGE).await;
    let failures = recorded(&simulation).await;
    assert!(failures.len() >= 3 && failures.iter().all(|&class| class == ErrorClass::Tls), "{failures:?}");
    stop.cancel();
    serving.await.unwrap();
    let listener = TcpListener::bind(address).await.unwrap();
    let (serving, stop) = serve_tls(&simulation.world.vendor, listener, &ours);
    simulation.run_until_delivered(RECOVERY).await;
    assert_complete(&simulation.world, 3).await;
    assert_in_order(&simulation.world);
    stop.cancel();
    tokio::time::timeout(Duration::from_mins(1), serving).await.unwrap().unwrap();
}
