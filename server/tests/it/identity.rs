//! Who the install is to the vendor: always one registration, whatever fails, and whoever the administrator is.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use ohe_telemetry::config::Config;
use ohe_telemetry::install::Install;
use ohe_telemetry::services::{DeliveryOutcome, ReregistrationOutcome, SkipReason};
use replicated::simulator::{Endpoint, Fault, Rule, When};
use secrecy::ExposeSecret;
use serde_json::json;
use store::Identity;
use tokio::net::TcpListener;

use crate::fixture::{ADMIN, Fixture};

const SUCCESSOR: &str = "successor@acme.example";

fn delivered(uploaded: u64) -> DeliveryOutcome {
    DeliveryOutcome::Completed { uploaded, failed: 0, total_processed: uploaded }
}

fn once(fault: Fault, endpoint: Endpoint) -> Rule {
    Rule { fault, endpoint: Some(endpoint), when: When::Requests(1) }
}

fn down() -> Fault {
    Fault::Status { status: 503, message: None, retry_after: None }
}

/// The install as it is after a restart with these variables changed.
fn restarted(fixture: &Fixture, changes: &[(&str, &str)]) -> Arc<Install> {
    let mut environment = fixture.environment.clone();
    environment.extend(changes.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())));
    Install::new(&Config::read(&environment).unwrap(), Arc::new(fixture.clock.clone())).unwrap()
}

async fn with_batch() -> Fixture {
    let fixture = Fixture::new().await;
    fixture.collect_at("2025-11-09T02:00:00Z").await;
    fixture
}

async fn identity(fixture: &Fixture) -> Identity {
    fixture.services().store.identity().await.unwrap()
}

fn email_of(identity: &Identity) -> Option<&str> {
    identity.customer_email.as_ref().map(ExposeSecret::expose_secret)
}

/// Every value of `identity` is of the customer that the vendor registered under `email`.
fn assert_is_one_registration(fixture: &Fixture, identity: &Identity, email: &str) {
    let seen = fixture.vendor.snapshot();
    let masked = format!("{}***@acme.example", &email[..1]);
    let customer = seen.customers.iter().find(|customer| Some(&customer.id) == identity.customer_id.as_ref()).unwrap();
    assert_eq!(customer.email, masked);
    let instance = seen.instances.iter().find(|instance| Some(&instance.id) == identity.instance_id.as_ref()).unwrap();
    assert_eq!(instance.customer_id, customer.id);
    let token = identity.service_token.as_ref().unwrap().expose_secret();
    assert_eq!(fixture.vendor.owner_of_token(token).as_ref(), Some(&customer.id));
    assert_eq!(email_of(identity), Some(email));
}

/// Makes of the identity what an earlier release would have stored: no address, and this hash.
async fn as_of_an_earlier_release(fixture: &Fixture, keeps_hash: bool) {
    let forget = "UPDATE telemetry_identity
                  SET customer_email = NULL, customer_email_step = NULL, registered_at = NULL,
                      customer_email_hash = CASE WHEN $1 THEN customer_email_hash END";
    sqlx::query(forget).bind(keeps_hash).execute(fixture.pool()).await.unwrap();
}

#[tokio::test]
async fn a_registration_that_lacks_its_instance_is_completed_as_the_same_customer() {
    let fixture = with_batch().await;
    fixture.vendor.fail(once(Fault::NoInstance, Endpoint::Customer));
    fixture.vendor.fail(once(down(), Endpoint::Instance));
    fixture.services().delivery.deliver().await.unwrap_err();
    let half = identity(&fixture).await;
    assert!(half.customer_id.is_some() && half.instance_id.is_none() && half.service_token.is_some());
    assert_eq!(email_of(&half), Some(ADMIN));

    let install = restarted(&fixture, &[("OPENHANDS_ADMIN_EMAIL", SUCCESSOR)]);
    assert_eq!(install.services.delivery.deliver().await.unwrap(), delivered(1));
    let whole = identity(&fixture).await;
    assert_eq!(whole.customer_id, half.customer_id);
    assert_is_one_registration(&fixture, &whole, ADMIN);

    fixture.collect_at("2025-11-16T02:00:00Z").await;
    fixture.vendor.fail(once(Fault::RevokedToken, Endpoint::Metrics));
    assert_eq!(install.services.delivery.deliver().await.unwrap(), delivered(1), "a revoked token is not for ever");
    assert_is_one_registration(&fixture, &identity(&fixture).await, ADMIN);
    assert_eq!(fixture.vendor.snapshot().customers.len(), 1);
}

#[tokio::test]
async fn a_customer_without_an_instance_gets_one_by_the_second_call() {
    let fixture = with_batch().await;
    fixture.vendor.fail(Rule { fault: Fault::NoInstance, endpoint: Some(Endpoint::Customer), when: When::UntilHealed });
    assert_eq!(fixture.services().delivery.deliver().await.unwrap(), delivered(1));
    assert_is_one_registration(&fixture, &identity(&fixture).await, ADMIN);
    fixture.collect_at("2025-11-16T02:00:00Z").await;
    fixture.vendor.fail(once(Fault::RevokedToken, Endpoint::Metrics));
    assert_eq!(fixture.services().delivery.deliver().await.unwrap(), delivered(1));
    assert_is_one_registration(&fixture, &identity(&fixture).await, ADMIN);
}

#[tokio::test]
async fn an_address_of_an_earlier_release_is_kept_as_soon_as_it_is_found() {
    for keeps_hash in [true, false] {
        let fixture = with_batch().await;
        fixture.services().delivery.deliver().await.unwrap();
        as_of_an_earlier_release(&fixture, keeps_hash).await;
        assert_eq!(fixture.services().delivery.check_in().await.unwrap(), DeliveryOutcome::CheckedIn);
        assert_is_one_registration(&fixture, &identity(&fixture).await, ADMIN);
        // From then on another administrator changes nothing, not even when the token is revoked.
        let install = restarted(&fixture, &[("OPENHANDS_ADMIN_EMAIL", SUCCESSOR)]);
        fixture.collect_at("2025-11-16T02:00:00Z").await;
        fixture.vendor.fail(once(Fault::RevokedToken, Endpoint::Metrics));
        assert_eq!(install.services.delivery.deliver().await.unwrap(), delivered(1), "{keeps_hash}");
        assert_is_one_registration(&fixture, &identity(&fixture).await, ADMIN);
    }
}

#[tokio::test]
async fn an_address_of_an_earlier_release_that_matches_nobody_leads_to_an_audited_new_registration() {
    let fixture = with_batch().await;
    fixture.services().delivery.deliver().await.unwrap();
    let before = identity(&fixture).await;
    as_of_an_earlier_release(&fixture, true).await;
    let install = restarted(&fixture, &[("OPENHANDS_ADMIN_EMAIL", SUCCESSOR)]);
    fixture.collect_at("2025-11-16T02:00:00Z").await;
    assert_eq!(install.services.delivery.deliver().await.unwrap(), delivered(1));
    let same = identity(&fixture).await;
    assert_eq!((&same.customer_id, email_of(&same)), (&before.customer_id, None), "nothing changes while it works");
    assert_eq!(fixture.services().store.recent_audit_entries(9).await.unwrap(), []);

    fixture.collect_at("2025-11-23T02:00:00Z").await;
    fixture.vendor.fail(once(Fault::RevokedToken, Endpoint::Metrics));
    assert_eq!(install.services.delivery.deliver().await.unwrap(), delivered(1));
    let after = identity(&fixture).await;
    assert_ne!(after.customer_id, before.customer_id);
    assert_is_one_registration(&fixture, &after, SUCCESSOR);
    let entry = fixture.services().store.recent_audit_entries(9).await.unwrap().remove(0);
    assert_eq!(
        (entry.actor.as_str(), entry.action.as_str(), entry.outcome.as_str()),
        ("delivery", "identity_replaced", "completed")
    );
    assert_eq!(entry.detail["before"]["customer_id"], json!(before.customer_id));
    assert_eq!(entry.detail["after"]["customer_email"], "s***@a***.example");
    assert!(!entry.detail.to_string().contains(SUCCESSOR));
}

#[tokio::test]
async fn an_established_install_delivers_whatever_becomes_of_its_user_table() {
    let fixture = with_batch().await;
    fixture.services().delivery.deliver().await.unwrap();
    // Nothing is configured any more, so that a look-up would have to read the table.
    let install = restarted(&fixture, &[("OPENHANDS_ADMIN_EMAIL", "")]);
    let mut transaction = fixture.pool().begin().await.unwrap();
    sqlx::query("LOCK TABLE user_settings IN ACCESS EXCLUSIVE MODE").execute(&mut *transaction).await.unwrap();
    fixture.collect_at("2025-11-16T02:00:00Z").await;
    assert_eq!(install.services.delivery.deliver().await.unwrap(), delivered(1));
    assert_eq!(install.services.delivery.check_in().await.unwrap(), DeliveryOutcome::CheckedIn);
    transaction.rollback().await.unwrap();
}

#[tokio::test]
async fn an_established_install_asks_no_keycloak() {
    let broken = Router::new().fallback(|| async { StatusCode::INTERNAL_SERVER_ERROR });
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, broken).await });
    for is_of_an_earlier_release in [false, true] {
        let fixture = with_batch().await;
        fixture.services().delivery.deliver().await.unwrap();
        let first_user = "INSERT INTO user_settings
                              (keycloak_user_id, accepted_tos, agent_settings, conversation_settings)
                          VALUES ('first', '2025-01-01', '{}', '{}')";
        sqlx::query(first_user).execute(fixture.pool()).await.unwrap();
        if is_of_an_earlier_release {
            as_of_an_earlier_release(&fixture, true).await;
        }
        let keycloak = [("OPENHANDS_ADMIN_EMAIL", ""), ("KEYCLOAK_SERVER_URL", &url), ("KEYCLOAK_ADMIN_PASSWORD", "x")];
        let install = restarted(&fixture, &keycloak);
        fixture.collect_at("2025-11-16T02:00:00Z").await;
        assert_eq!(install.services.delivery.deliver().await.unwrap(), delivered(1), "{is_of_an_earlier_release}");
        assert_eq!(install.services.delivery.check_in().await.unwrap(), DeliveryOutcome::CheckedIn);
    }
}

#[tokio::test]
async fn an_established_install_collects_when_there_is_no_administrator_any_more() {
    let fixture = with_batch().await;
    fixture.services().delivery.deliver().await.unwrap();
    let install = restarted(&fixture, &[("OPENHANDS_ADMIN_EMAIL", "")]);
    fixture.set_time("2025-11-23T02:00:00Z");
    let outcome = install.services.collection.run_for_slot(Some(crate::fixture::at("2025-11-23T02:00:00Z"))).await;
    assert_eq!(serde_json::to_value(outcome.unwrap()).unwrap()["status"], "completed");
}

#[tokio::test]
async fn registering_anew_replaces_the_whole_identity_or_nothing() {
    let fixture = with_batch().await;
    fixture.services().delivery.deliver().await.unwrap();
    let before = identity(&fixture).await;
    let install = restarted(&fixture, &[("OPENHANDS_ADMIN_EMAIL", SUCCESSOR)]);
    fixture.vendor.fail(once(Fault::NoInstance, Endpoint::Customer));
    fixture.vendor.fail(once(down(), Endpoint::Instance));
    install.services.delivery.reregister("cli").await.unwrap_err();
    assert_eq!(identity(&fixture).await.customer_id, before.customer_id);
    assert_is_one_registration(&fixture, &identity(&fixture).await, ADMIN);

    let outcome = install.services.delivery.reregister("cli").await.unwrap();
    let after = identity(&fixture).await;
    assert_is_one_registration(&fixture, &after, SUCCESSOR);
    let expected = ReregistrationOutcome::Completed {
        customer_id: after.customer_id.unwrap(),
        instance_id: after.instance_id.unwrap(),
        customer_email: "s***@a***.example".to_owned(),
    };
    assert_eq!(outcome, expected);
    let entries = fixture.services().store.recent_audit_entries(9).await.unwrap();
    let outcomes = entries.iter().rev().map(|entry| entry.outcome.as_str()).collect::<Vec<_>>();
    assert_eq!(outcomes, ["started", "failed", "started", "completed"]);
    assert!(entries.iter().all(|entry| entry.actor == "cli" && entry.action == "identity_reregister"));
    assert!(entries.iter().all(|entry| !entry.detail.to_string().contains(SUCCESSOR)), "{entries:?}");
    fixture.collect_at("2025-11-16T02:00:00Z").await;
    assert_eq!(install.services.delivery.deliver().await.unwrap(), delivered(1));
}

#[tokio::test]
async fn registering_anew_needs_an_administrator_and_no_other_sender() {
    let fixture = with_batch().await;
    let nobody = restarted(&fixture, &[("OPENHANDS_ADMIN_EMAIL", "")]);
    let skipped = |reason| ReregistrationOutcome::Skipped { reason };
    assert_eq!(nobody.services.delivery.reregister("cli").await.unwrap(), skipped(SkipReason::NoAdminEmail));
    let lock = fixture.services().store.try_sender_lock().await.unwrap().unwrap();
    assert_eq!(fixture.services().delivery.reregister("cli").await.unwrap(), skipped(SkipReason::AnotherSender));
    lock.release().await.unwrap();
    assert_eq!(fixture.services().store.recent_audit_entries(9).await.unwrap(), []);
}
