//! Delivering, against a vendor that can fail.

use std::time::Duration;

use ohe_telemetry::services::{DeliveryError, DeliveryOutcome, SkipReason};
use replicated::MetricsBody;
use replicated::simulator::{Endpoint, Fault, RetryAfter, Rule, When};
use serde_json::json;
use store::BatchState;

use crate::fixture::{Fixture, at, day};

fn completed(uploaded: u64, failed: u64) -> DeliveryOutcome {
    DeliveryOutcome::Completed { uploaded, failed, total_processed: uploaded + failed }
}

fn status(status: u16) -> Fault {
    Fault::Status { status, message: Some("no".to_owned()), retry_after: None }
}

async fn three_batches() -> Fixture {
    let fixture = Fixture::new().await;
    for day in ["2025-10-26", "2025-11-02", "2025-11-09"] {
        fixture.collect_at(&format!("{day}T02:00:00Z")).await;
    }
    fixture
}

async fn states(fixture: &Fixture) -> Vec<BatchState> {
    let batches = fixture.services().store.list_batches(None, 0, 99).await.unwrap();
    batches.iter().rev().map(store::BatchSummary::state).collect()
}

#[tokio::test]
async fn all_waiting_batches_are_delivered_oldest_first_and_then_the_install_checks_in() {
    let fixture = three_batches().await;
    assert_eq!(fixture.services().delivery.deliver().await.unwrap(), completed(3, 0));
    assert_eq!(states(&fixture).await, [BatchState::Delivered; 3]);
    let seen = fixture.vendor.snapshot();
    let paths = seen.requests.iter().map(|request| request.path.as_str()).collect::<Vec<_>>();
    let metrics = Endpoint::Metrics.path();
    assert_eq!(paths, [Endpoint::Customer.path(), metrics, metrics, metrics, Endpoint::CheckIn.path()]);
    assert_eq!(seen.instances.len(), 1);
    assert_eq!(fixture.services().delivery.deliver().await.unwrap(), DeliveryOutcome::NoPendingMetrics);
}

#[tokio::test]
async fn the_identity_is_kept_and_asked_for_once() {
    let fixture = three_batches().await;
    fixture.services().delivery.deliver().await.unwrap();
    fixture.collect_at("2025-11-16T02:00:00Z").await;
    fixture.services().delivery.deliver().await.unwrap();
    let seen = fixture.vendor.snapshot();
    let registrations = seen.requests.iter().filter(|request| request.path == Endpoint::Customer.path()).count();
    assert_eq!(registrations, 1);
    let identity = fixture.services().store.identity().await.unwrap();
    assert!(identity.customer_id.is_some() && identity.instance_id.is_some() && identity.service_token.is_some());
}

#[tokio::test]
async fn one_batchs_failure_does_not_stop_the_next_ones() {
    let fixture = three_batches().await;
    fixture.vendor.fail(Rule { fault: status(500), endpoint: Some(Endpoint::Metrics), when: When::Requests(1) });
    assert_eq!(fixture.services().delivery.deliver().await.unwrap(), completed(2, 1));
    assert_eq!(states(&fixture).await, [BatchState::Pending, BatchState::Delivered, BatchState::Delivered]);
    assert_eq!(fixture.services().delivery.deliver().await.unwrap(), completed(1, 0));
}

/// The sets of metrics that the vendor accepted, in the order in which it did; the last is what its portal shows.
fn accepted(fixture: &Fixture) -> Vec<i64> {
    let requests = fixture.vendor.snapshot().requests;
    let accepted =
        requests.into_iter().filter(|request| request.path == Endpoint::Metrics.path() && request.status == Some(200));
    accepted.map(|request| request.body.unwrap()["data"]["total_users"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn the_newest_delivered_batch_is_the_last_one_sent_and_that_changes_no_count() {
    let fixture = three_batches().await;
    let [one, two, three] = ["2025-10-26", "2025-11-02", "2025-11-09"].map(|date| day(&format!("{date}T02:00:00Z")));
    fixture.vendor.fail(Rule { fault: status(500), endpoint: Some(Endpoint::Metrics), when: When::Requests(1) });
    fixture.set_time("2025-11-10T03:00:00Z");
    assert_eq!(fixture.services().delivery.deliver().await.unwrap(), completed(2, 1));
    assert_eq!(accepted(&fixture), [three, two, three]);
    let newest = async || fixture.services().store.list_batches(None, 0, 1).await.unwrap().remove(0);
    let before = newest().await;
    fixture.set_time("2025-11-10T03:05:00Z");
    assert_eq!(fixture.services().delivery.deliver().await.unwrap(), completed(1, 0));
    assert_eq!(accepted(&fixture), [three, two, three, one, three]);
    assert_eq!(newest().await, before, "neither its time nor its count changes");
    let attempts = fixture.services().store.find_batch(before.id).await.unwrap().unwrap().attempts;
    assert_eq!(attempts.len(), 3, "each of them an attempt like others");
    assert_eq!(fixture.services().delivery.deliver().await.unwrap(), DeliveryOutcome::NoPendingMetrics);
    assert_eq!(accepted(&fixture).len(), 5);
}

#[tokio::test]
async fn a_batch_refused_for_its_content_is_set_aside_when_others_are_accepted() {
    let fixture = three_batches().await;
    fixture.vendor.fail(Rule { fault: status(422), endpoint: Some(Endpoint::Metrics), when: When::Requests(1) });
    assert_eq!(fixture.services().delivery.deliver().await.unwrap(), completed(2, 1));
    assert_eq!(states(&fixture).await, [BatchState::SetAside, BatchState::Delivered, BatchState::Delivered]);
    let facts = fixture.services().license.facts().await.unwrap();
    assert_eq!(facts.overdue_since, None, "no license clock runs on it");
}

#[tokio::test]
async fn a_vendor_that_refuses_every_batch_may_be_at_fault_itself() {
    let fixture = three_batches().await;
    fixture.vendor.fail(Rule { fault: status(400), endpoint: Some(Endpoint::Metrics), when: When::UntilHealed });
    assert_eq!(fixture.services().delivery.deliver().await.unwrap(), completed(0, 3));
    assert_eq!(states(&fixture).await, [BatchState::Pending; 3]);
    fixture.vendor.heal();
    assert_eq!(fixture.services().delivery.deliver().await.unwrap(), completed(3, 0));
}

#[tokio::test]
async fn credentials_that_are_refused_and_rate_limits_stop_the_run() {
    for code in [403, 429] {
        let fixture = three_batches().await;
        fixture.vendor.fail(Rule { fault: status(code), endpoint: Some(Endpoint::Metrics), when: When::UntilHealed });
        assert_eq!(fixture.services().delivery.deliver().await.unwrap(), completed(0, 1), "{code}");
        assert_eq!(states(&fixture).await, [BatchState::Pending; 3], "{code}");
    }
}

#[tokio::test]
async fn in_an_outage_the_backlog_is_not_sent_at_every_retry() {
    for (fault, requests) in [
        (Fault::Close, 1),
        (Fault::Reset, 1),
        (status(403), 1),
        (status(429), 1),
        (status(500), 2),
        (status(503), 2),
        (status(408), 2),
        (Fault::Html, 2),
    ] {
        let fixture = three_batches().await;
        for day in ["2025-11-16", "2025-11-23"] {
            fixture.collect_at(&format!("{day}T02:00:00Z")).await;
        }
        fixture.vendor.fail(Rule { fault: fault.clone(), endpoint: Some(Endpoint::Metrics), when: When::UntilHealed });
        for retry in 1..=3 {
            assert_eq!(fixture.services().delivery.deliver().await.unwrap(), completed(0, requests), "{fault:?}");
            let sent = fixture.vendor.snapshot().counts.by_endpoint[Endpoint::Metrics.word()];
            assert_eq!(sent, retry * requests, "{fault:?}");
        }
        fixture.vendor.heal();
        assert_eq!(fixture.services().delivery.deliver().await.unwrap(), completed(5, 0), "{fault:?}");
        assert!(accepted(&fixture).is_sorted(), "{fault:?}");
    }
}

#[tokio::test]
async fn a_revoked_token_is_renewed_once_and_nothing_is_lost() {
    let fixture = three_batches().await;
    fixture.services().delivery.deliver().await.unwrap();
    let before = fixture.services().store.identity().await.unwrap();
    fixture.collect_at("2025-11-16T02:00:00Z").await;
    let revoked = Rule { fault: Fault::RevokedToken, endpoint: Some(Endpoint::Metrics), when: When::Requests(1) };
    fixture.vendor.fail(revoked);
    assert_eq!(fixture.services().delivery.deliver().await.unwrap(), completed(1, 0));
    let after = fixture.services().store.identity().await.unwrap();
    assert_eq!(before.customer_id, after.customer_id);
    let token = |identity: &store::Identity| {
        use secrecy::ExposeSecret as _;
        identity.service_token.as_ref().map(|token| token.expose_secret().to_owned())
    };
    assert_ne!(token(&before), token(&after));
}

#[tokio::test]
async fn every_attempt_is_recorded_with_what_came_of_it() {
    let fixture = Fixture::new().await;
    fixture.collect_at("2025-11-09T02:00:00Z").await;
    let retry_after = Some(RetryAfter::Seconds(90));
    let fault = Fault::Status { status: 503, message: Some("down for maintenance".to_owned()), retry_after };
    fixture.vendor.fail(Rule { fault, endpoint: Some(Endpoint::Metrics), when: When::Requests(1) });
    fixture.set_time("2025-11-10T03:00:00Z");
    fixture.services().delivery.deliver().await.unwrap();
    fixture.set_time("2025-11-10T03:05:00Z");
    fixture.services().delivery.deliver().await.unwrap();
    let batch = fixture.services().store.list_batches(None, 0, 1).await.unwrap().remove(0);
    let attempts = fixture.services().store.find_batch(batch.id).await.unwrap().unwrap().attempts;
    let [failed, delivered] = &attempts[..] else { panic!("{attempts:?}") };
    let failure = failed.failure.as_ref().unwrap();
    assert_eq!((failed.started_at, failed.http_status), (at("2025-11-10T03:00:00Z"), Some(503)));
    assert_eq!((failure.class.word(), failure.retry_after), ("vendor", Some(Duration::from_secs(90))));
    assert!(failure.message.contains("down for maintenance"), "{}", failure.message);
    assert_eq!((delivered.started_at, delivered.http_status), (at("2025-11-10T03:05:00Z"), Some(200)));
    assert!(delivered.failure.is_none());
    assert_eq!(batch.upload_attempts, 2);
    let sent = fixture.services().store.find_batch(batch.id).await.unwrap().unwrap().metrics;
    let digest = MetricsBody::of(&sent).unwrap().sha256();
    assert_eq!([failed, delivered].map(|attempt| attempt.body_sha256.as_ref()), [Some(&digest); 2]);
}

#[tokio::test]
async fn a_batch_that_cannot_be_sent_leaves_an_attempt_without_a_digest() {
    let fixture = Fixture::new().await;
    fixture.collect_at("2025-11-09T02:00:00Z").await;
    sqlx::query("UPDATE telemetry_metrics SET metrics_data = '{}'").execute(fixture.pool()).await.unwrap();
    assert_eq!(fixture.services().delivery.deliver().await.unwrap(), completed(0, 1));
    let attempts = fixture.services().store.recent_attempts(Some(store::Call::Metrics), 9).await.unwrap();
    assert_eq!(attempts.iter().map(|attempt| attempt.body_sha256.as_ref()).collect::<Vec<_>>(), [None]);
    assert_eq!(fixture.vendor.snapshot().counts.by_endpoint.get(Endpoint::Metrics.word()), None, "nothing was sent");
}

#[tokio::test]
async fn a_registration_that_fails_half_way_is_taken_up_where_it_ended() {
    let fixture = Fixture::new().await;
    fixture.collect_at("2025-11-09T02:00:00Z").await;
    fixture.vendor.fail(Rule { fault: status(500), endpoint: Some(Endpoint::Customer), when: When::Requests(1) });
    let error = fixture.services().delivery.deliver().await.unwrap_err();
    assert!(matches!(error, DeliveryError::Vendor(_)), "{error}");
    let attempts = fixture.services().store.recent_attempts(None, 9).await.unwrap();
    assert_eq!((attempts.len(), attempts[0].call), (1, store::Call::Customer), "recorded all the same");
    assert_eq!(fixture.services().delivery.deliver().await.unwrap(), completed(1, 0));
}

#[tokio::test]
async fn nothing_is_delivered_while_no_administrator_is_known() {
    let fixture = Fixture::with(&[("OPENHANDS_ADMIN_EMAIL", "")]).await;
    fixture.collect_at("2025-11-09T02:00:00Z").await;
    let outcome = fixture.services().delivery.deliver().await.unwrap();
    assert_eq!(outcome, DeliveryOutcome::Skipped { reason: SkipReason::NoAdminEmail, total_processed: 0 });
    assert_eq!(
        serde_json::to_value(outcome).unwrap(),
        json!({"status": "skipped", "reason": "no_admin_email", "total_processed": 0})
    );
    assert!(fixture.vendor.snapshot().requests.is_empty());
}

#[tokio::test]
async fn one_sender_at_a_time() {
    let fixture = three_batches().await;
    let lock = fixture.services().store.try_sender_lock().await.unwrap().unwrap();
    let outcome = fixture.services().delivery.deliver().await.unwrap();
    assert_eq!(outcome, DeliveryOutcome::Skipped { reason: SkipReason::AnotherSender, total_processed: 0 });
    lock.release().await.unwrap();
    let (one, two) = tokio::join!(fixture.services().delivery.deliver(), fixture.services().delivery.deliver());
    let uploaded = |outcome| if let DeliveryOutcome::Completed { uploaded, .. } = outcome { uploaded } else { 0 };
    assert_eq!(uploaded(one.unwrap()) + uploaded(two.unwrap()), 3);
    let metrics = Endpoint::Metrics.path();
    assert_eq!(fixture.vendor.snapshot().requests.iter().filter(|request| request.path == metrics).count(), 3);
}

#[tokio::test]
async fn a_check_in_needs_an_identity() {
    let fixture = three_batches().await;
    let outcome = fixture.services().delivery.check_in().await.unwrap();
    assert_eq!(outcome, DeliveryOutcome::Skipped { reason: SkipReason::NoIdentity, total_processed: 0 });
    fixture.services().delivery.deliver().await.unwrap();
    fixture.set_time("2025-11-11T00:00:00Z");
    assert_eq!(fixture.services().delivery.check_in().await.unwrap(), DeliveryOutcome::CheckedIn);
    let facts = fixture.services().store.facts(at("2025-11-11T00:00:00Z")).await.unwrap();
    assert_eq!(facts.last_check_in, Some(at("2025-11-11T00:00:00Z")));
}

#[tokio::test]
async fn without_a_key_the_error_says_which_variable_to_set() {
    let fixture = Fixture::with(&[("REPLICATED_PUBLISHABLE_KEY", "")]).await;
    fixture.collect_at("2025-11-09T02:00:00Z").await;
    let error = fixture.services().delivery.deliver().await.unwrap_err();
    assert!(error.to_string().starts_with("REPLICATED_PUBLISHABLE_KEY is not set"), "{error}");
}

#[tokio::test]
async fn a_changed_address_keeps_the_customer_and_makes_no_other() {
    let fixture = three_batches().await;
    fixture.services().delivery.deliver().await.unwrap();
    let mut environment = fixture.environment.clone();
    environment.insert("OPENHANDS_ADMIN_EMAIL".to_owned(), "successor@acme.example".to_owned());
    let config = ohe_telemetry::config::Config::read(&environment).unwrap();
    let clock = std::sync::Arc::new(fixture.clock.clone());
    let install = ohe_telemetry::install::Install::new(&config, clock).unwrap();
    fixture.collect_at("2025-11-16T02:00:00Z").await;
    assert_eq!(install.services.delivery.deliver().await.unwrap(), completed(1, 0));
    fixture.collect_at("2025-11-23T02:00:00Z").await;
    let revoked = Rule { fault: Fault::RevokedToken, endpoint: Some(Endpoint::Metrics), when: When::Requests(1) };
    fixture.vendor.fail(revoked);
    assert_eq!(install.services.delivery.deliver().await.unwrap(), completed(1, 0), "renewed as the same customer");
    assert_eq!(fixture.vendor.snapshot().customers.len(), 1);
}
