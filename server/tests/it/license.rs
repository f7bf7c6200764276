//! What users see, from batches and attempts to the public reply.

use domain::license::LicenseState;
use ohe_telemetry::services::LicenseService;
use replicated::simulator::{Fault, Rule};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::fixture::{Fixture, at};

async fn state_at(fixture: &Fixture, now: &str) -> (LicenseState, Option<i64>) {
    let facts = fixture.services().license.facts().await.unwrap();
    let status = domain::license::license_status(&facts, at(now));
    (status.state, status.days_until_expiration)
}

#[tokio::test]
async fn the_clock_runs_from_the_oldest_batch_that_waits() {
    let fixture = Fixture::new().await;
    assert_eq!(state_at(&fixture, "2026-11-10T00:00:00Z").await, (LicenseState::Ok, None));
    fixture.collect_at("2025-11-09T02:00:00Z").await;
    fixture.collect_at("2025-11-16T02:00:00Z").await;
    assert_eq!(state_at(&fixture, "2025-11-13T02:00:00Z").await, (LicenseState::Ok, None));
    assert_eq!(state_at(&fixture, "2025-11-13T02:00:01Z").await, (LicenseState::Pending, Some(30)));
    fixture.services().delivery.deliver().await.unwrap();
    assert_eq!(state_at(&fixture, "2026-11-10T00:00:00Z").await, (LicenseState::Ok, None));
    fixture.collect_at("2025-11-23T02:00:00Z").await;
    fixture.vendor.fail(Rule::from(Fault::Html));
    fixture.set_time("2025-11-23T03:00:00Z");
    fixture.services().delivery.deliver().await.unwrap();
    assert_eq!(state_at(&fixture, "2025-11-27T02:00:01Z").await, (LicenseState::Expiring, Some(30)));
    assert_eq!(state_at(&fixture, "2025-12-27T02:00:00Z").await, (LicenseState::Expired, Some(0)));
}

#[tokio::test]
async fn an_install_that_is_not_ohe_has_no_license() {
    let fixture = Fixture::with(&[("GITHUB_APP_CLIENT_ID", "")]).await;
    fixture.collect_at("2025-11-09T02:00:00Z").await;
    assert_eq!(state_at(&fixture, "2026-11-10T00:00:00Z").await, (LicenseState::NotApplicable, None));
    let known_without_facts = fixture.services().license.ready().await.unwrap();
    assert!(known_without_facts.body.contains("not_applicable"));
}

/// Keeps the reply fresh until it is told to stop.
fn keep_fresh(license: &LicenseService) -> (JoinHandle<()>, CancellationToken) {
    let (license, shutdown) = (license.clone(), CancellationToken::new());
    let told = shutdown.clone();
    (tokio::spawn(async move { license.keep_fresh(told).await }), shutdown)
}

#[tokio::test]
async fn the_ready_reply_follows_the_facts_and_its_tag_follows_the_reply() {
    let fixture = Fixture::new().await;
    let license = fixture.services().license.clone();
    let (fresh, shutdown) = keep_fresh(&license);
    let quiet = license.ready().await.unwrap();
    assert!(quiet.body.starts_with(r#"{"warn":false,"message":"""#), "{}", quiet.body);
    fixture.collect_at("2025-11-09T02:00:00Z").await;
    fixture.set_time("2025-11-20T00:00:00Z");
    let warned = loop {
        let ready = license.ready().await.unwrap();
        if ready != quiet {
            break ready;
        }
        tokio::task::yield_now().await;
    };
    assert!(warned.body.starts_with(r#"{"warn":true"#), "{}", warned.body);
    assert_ne!(warned.etag, quiet.etag);
    shutdown.cancel();
    fresh.await.unwrap();
}

#[tokio::test]
async fn right_after_a_start_a_request_waits_for_the_first_facts() {
    let fixture = Fixture::new().await;
    fixture.collect_at("2025-11-09T02:00:00Z").await;
    fixture.set_time("2025-11-20T00:00:00Z");
    let license = fixture.services().license.clone();
    // Polled first, so that it is waiting when the facts are read.
    let (ready, (fresh, shutdown)) = tokio::join!(license.ready(), async { keep_fresh(&license) });
    assert!(ready.unwrap().body.starts_with(r#"{"warn":true"#), "and does not say that all is well before it knows");
    shutdown.cancel();
    fresh.await.unwrap();
}

#[tokio::test]
async fn a_status_that_cannot_be_known_yet_is_none() {
    let fixture = Fixture::new().await;
    let license = fixture.services().license.clone();
    sqlx::raw_sql("ALTER TABLE telemetry_metrics RENAME TO elsewhere").execute(fixture.pool()).await.unwrap();
    let (fresh, shutdown) = keep_fresh(&license);
    assert_eq!(license.ready().await, None, "the facts cannot be read");
    shutdown.cancel();
    fresh.await.unwrap();
}
