//! A revoked service token: the install is registered again, and every request of it is recorded.

use ohe_telemetry::services::{DeliveryError, DeliveryOutcome};
use replicated::simulator::{Endpoint, Fault, Rule, When};
use store::{Attempt, Call};

use crate::fixture::Fixture;

fn once(fault: Fault, endpoint: Endpoint) -> Rule {
    Rule { fault, endpoint: Some(endpoint), when: When::Requests(1) }
}

fn status(status: u16) -> Fault {
    Fault::Status { status, message: None, retry_after: None }
}

fn completed(uploaded: u64, failed: u64) -> DeliveryOutcome {
    DeliveryOutcome::Completed { uploaded, failed, total_processed: uploaded + failed }
}

/// An install that the vendor knows, with a batch that waits and nothing recorded.
async fn registered_with_batch() -> Fixture {
    let fixture = Fixture::new().await;
    fixture.collect_at("2025-11-09T02:00:00Z").await;
    assert_eq!(fixture.services().delivery.deliver().await.unwrap(), completed(1, 0));
    fixture.collect_at("2025-11-16T02:00:00Z").await;
    sqlx::raw_sql("DELETE FROM telemetry_delivery_attempts").execute(fixture.pool()).await.unwrap();
    fixture
}

async fn attempts(fixture: &Fixture) -> Vec<Attempt> {
    let mut attempts = fixture.services().store.recent_attempts(None, 99).await.unwrap();
    attempts.reverse();
    attempts
}

/// What was recorded, in order: the call, the status and, where it failed, the class.
async fn recorded(fixture: &Fixture) -> Vec<(Call, Option<u16>, Option<&'static str>)> {
    let class = |attempt: &Attempt| attempt.failure.as_ref().map(|failure| failure.class.word());
    attempts(fixture).await.iter().map(|attempt| (attempt.call, attempt.http_status, class(attempt))).collect()
}

/// As many requests as the vendor saw since the batch waits are recorded.
async fn deliver(fixture: &Fixture) -> Result<DeliveryOutcome, DeliveryError> {
    let before = fixture.vendor.snapshot().counts.requests;
    let outcome = fixture.services().delivery.deliver().await;
    let seen = fixture.vendor.snapshot().counts.requests - before;
    assert_eq!(u64::try_from(attempts(fixture).await.len()).unwrap(), seen, "the vendor saw {seen} requests");
    outcome
}

#[tokio::test]
async fn each_request_of_a_renewal_is_recorded_in_order() {
    let fixture = registered_with_batch().await;
    fixture.vendor.fail(once(Fault::RevokedToken, Endpoint::Metrics));
    fixture.vendor.fail(once(Fault::NoInstance, Endpoint::Customer));
    assert_eq!(deliver(&fixture).await.unwrap(), completed(1, 0));
    assert_eq!(
        recorded(&fixture).await,
        [
            (Call::Metrics, Some(401), Some("auth")),
            (Call::Customer, Some(200), None),
            (Call::Instance, Some(201), None),
            (Call::Metrics, Some(200), None),
            (Call::CheckIn, Some(200), None),
        ]
    );
    let attempts = attempts(&fixture).await;
    let refused = &attempts[0];
    assert!(refused.batch_id.is_some() && refused.body_sha256.is_some());
    assert_eq!((refused.batch_id, &refused.body_sha256), (attempts[3].batch_id, &attempts[3].body_sha256));
}

#[tokio::test]
async fn a_check_in_renews_the_token_too() {
    let fixture = registered_with_batch().await;
    fixture.vendor.fail(once(Fault::RevokedToken, Endpoint::CheckIn));
    assert_eq!(fixture.services().delivery.check_in().await.unwrap(), DeliveryOutcome::CheckedIn);
    assert_eq!(
        recorded(&fixture).await,
        [(Call::CheckIn, Some(401), Some("auth")), (Call::Customer, Some(200), None), (Call::CheckIn, Some(200), None)]
    );
}

#[tokio::test]
async fn a_renewal_that_fails_is_told_as_what_it_was() {
    for (endpoint, fault, call) in [
        (Endpoint::Customer, status(503), Call::Customer),
        (Endpoint::Instance, status(503), Call::Instance),
        // A refusal of the registration is none of the batch.
        (Endpoint::Customer, status(422), Call::Customer),
    ] {
        let fixture = registered_with_batch().await;
        let before = fixture.services().store.identity().await.unwrap();
        fixture.vendor.fail(once(Fault::RevokedToken, Endpoint::Metrics));
        fixture.vendor.fail(once(fault, endpoint));
        if call == Call::Instance {
            fixture.vendor.fail(once(Fault::NoInstance, Endpoint::Customer));
        }
        assert_eq!(deliver(&fixture).await.unwrap(), completed(0, 1), "{endpoint:?}");
        let recorded = recorded(&fixture).await;
        assert_eq!(recorded.first(), Some(&(Call::Metrics, Some(401), Some("auth"))), "{recorded:?}");
        let (last, _, class) = recorded.last().unwrap();
        assert!(*last == call && class.is_some(), "{recorded:?}");
        let after = fixture.services().store.identity().await.unwrap();
        assert_eq!((before.customer_id, before.instance_id), (after.customer_id, after.instance_id));
        assert_eq!(fixture.services().delivery.deliver().await.unwrap(), completed(1, 0), "{endpoint:?}");
    }
}

#[tokio::test]
async fn an_install_is_registered_again_once_in_a_run() {
    let fixture = registered_with_batch().await;
    let refuses = Rule { fault: status(401), endpoint: Some(Endpoint::Metrics), when: When::UntilHealed };
    fixture.vendor.fail(refuses);
    assert_eq!(deliver(&fixture).await.unwrap(), completed(0, 1));
    let calls = recorded(&fixture).await.into_iter().map(|(call, _, _)| call).collect::<Vec<_>>();
    assert_eq!(calls, [Call::Metrics, Call::Customer, Call::Metrics]);
}

#[tokio::test]
async fn an_ended_license_registers_nothing() {
    let fixture = registered_with_batch().await;
    fixture.vendor.fail(once(status(403), Endpoint::Metrics));
    assert_eq!(deliver(&fixture).await.unwrap(), completed(0, 1));
    assert_eq!(recorded(&fixture).await, [(Call::Metrics, Some(403), Some("auth"))]);
}

#[tokio::test]
async fn an_install_that_never_had_a_token_gets_one_when_it_is_refused() {
    let fixture = registered_with_batch().await;
    sqlx::raw_sql("UPDATE telemetry_identity SET service_token = NULL").execute(fixture.pool()).await.unwrap();
    fixture.vendor.fail(once(status(401), Endpoint::Metrics));
    assert_eq!(deliver(&fixture).await.unwrap(), completed(1, 0));
    assert!(fixture.services().store.identity().await.unwrap().service_token.is_some());
}
