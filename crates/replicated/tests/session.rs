//! Registration, and what happens when the vendor revokes the token.

#![expect(clippy::unwrap_used, reason = "a test ends at its first surprise, and so do the functions it shares")]

mod support;

use domain::delivery::ErrorClass;
use replicated::simulator::{Endpoint, Fault, Rule, When};
use replicated::{AppStatus, Identity, Session};
use secrecy::ExposeSecret;
use support::{CLUSTER, Vendor, client, email, metrics, stranger};

fn once(fault: Fault, endpoint: Endpoint) -> Rule {
    Rule { fault, endpoint: Some(endpoint), when: When::Requests(1) }
}

#[tokio::test]
async fn registering_again_gives_the_same_identity() {
    let vendor = Vendor::start().await;
    let client = client(&vendor.url);
    let first = client.register(&email(), CLUSTER).await.unwrap();
    let second = client.register(&email(), CLUSTER).await.unwrap();
    let known = |identity: &Identity| {
        let token = identity.service_token.as_ref().unwrap().expose_secret().to_owned();
        (identity.customer_id.clone(), identity.instance_id.clone(), identity.cluster_id.clone(), token)
    };
    assert_eq!(known(&first.value), known(&second.value));
    assert_eq!((first.http_status, first.vendor_time), (200, Some(support::noon())));
    assert_eq!(vendor.simulator.snapshot().customers.len(), 1);
}

#[tokio::test]
async fn a_registration_whose_reply_was_lost_can_be_repeated() {
    let vendor = Vendor::start().await;
    let client = client(&vendor.url);
    vendor.simulator.fail(once(Fault::Truncated, Endpoint::Customer));
    client.register(&email(), CLUSTER).await.unwrap_err();
    client.register(&email(), CLUSTER).await.unwrap();
    let seen = vendor.simulator.snapshot();
    assert_eq!((seen.customers.len(), seen.instances.len()), (1, 1));
}

#[tokio::test]
async fn a_revoked_token_is_renewed_and_the_call_repeated() {
    let vendor = Vendor::start().await;
    let client = client(&vendor.url);
    let identity = client.register(&email(), CLUSTER).await.unwrap().value;
    let old = identity.service_token.as_ref().unwrap().expose_secret().to_owned();
    let mut session = Session::new(&client, identity, Some(email()));
    session.send_metrics(&metrics()).await.unwrap();
    assert!(session.take_renewed().is_none(), "nothing to store while the token holds");

    vendor.simulator.fail(once(Fault::RevokedToken, Endpoint::Metrics));
    session.send_metrics(&metrics()).await.unwrap();
    session.check_in(AppStatus::Ready, "1").await.unwrap();
    let renewed = session.take_renewed().unwrap();
    assert_ne!(renewed.service_token.as_ref().unwrap().expose_secret(), old);
    assert!(session.take_renewed().is_none(), "given once");
    let seen = vendor.simulator.snapshot();
    assert_eq!((seen.customers.len(), seen.customers[0].registrations, seen.instances[0].deliveries), (1, 2, 2));
}

#[tokio::test]
async fn a_check_in_renews_a_token_that_the_vendor_does_not_know() {
    let vendor = Vendor::start().await;
    let client = client(&vendor.url);
    let mut session = Session::new(&client, stranger(), Some(email()));
    session.check_in(AppStatus::Ready, "1").await.unwrap();
    let renewed = session.take_renewed().unwrap();
    assert_eq!(renewed.cluster_id, CLUSTER, "our own id stays");
    assert_eq!(session.identity().instance_id, vendor.simulator.snapshot().instances[0].id);
}

#[tokio::test]
async fn a_session_registers_again_once_only() {
    let vendor = Vendor::start().await;
    let client = client(&vendor.url);
    let identity = client.register(&email(), CLUSTER).await.unwrap().value;
    let refuse = Fault::Status { status: 401, message: None, retry_after: None };
    vendor.simulator.fail(Rule { fault: refuse, endpoint: Some(Endpoint::Metrics), when: When::UntilHealed });
    let mut session = Session::new(&client, identity, Some(email()));
    for _ in 0..3 {
        assert_eq!(session.send_metrics(&metrics()).await.unwrap_err().class, ErrorClass::Auth);
    }
    let counts = vendor.simulator.snapshot().counts.by_endpoint;
    assert_eq!((counts["customer"], counts["metrics"]), (2, 4));
}

#[tokio::test]
async fn a_customer_registered_without_an_instance_asks_for_one() {
    let vendor = Vendor::start().await;
    let client = client(&vendor.url);
    vendor.simulator.fail(once(Fault::NoInstance, Endpoint::Customer));
    assert_eq!(client.register_customer(&email()).await.unwrap().value.instance_id, None);
    vendor.simulator.fail(Fault::NoInstance.into());
    let identity = client.register(&email(), CLUSTER).await.unwrap().value;
    let token = identity.service_token.as_ref().unwrap().expose_secret();
    assert_eq!(vendor.simulator.owner_of_token(token).as_ref(), Some(&identity.customer_id));
    client.send_metrics(&identity, &metrics()).await.unwrap();
    let seen = vendor.simulator.snapshot();
    assert_eq!((seen.customers.len(), seen.instances.len(), seen.instances[0].deliveries), (1, 1, 1));
    assert_eq!(seen.counts.by_endpoint["instance"], 1);
}

#[tokio::test]
async fn another_address_gives_another_customer_with_every_value_of_its_own() {
    let vendor = Vendor::start().await;
    let client = client(&vendor.url);
    let first = client.register(&email(), CLUSTER).await.unwrap().value;
    let mut session = Session::new(&client, first.clone(), Some("successor@corp.example".into()));
    vendor.simulator.fail(once(Fault::RevokedToken, Endpoint::Metrics));
    session.send_metrics(&metrics()).await.unwrap();
    let renewed = session.take_renewed().unwrap();
    assert!(renewed.customer_id != first.customer_id && renewed.instance_id != first.instance_id, "{renewed:?}");
    let token = renewed.service_token.as_ref().unwrap().expose_secret();
    assert_eq!(vendor.simulator.owner_of_token(token), Some(renewed.customer_id));
}

#[tokio::test]
async fn an_install_that_never_had_a_token_gets_one_when_it_is_refused() {
    let vendor = Vendor::start().await;
    let client = client(&vendor.url);
    let registered = client.register(&email(), CLUSTER).await.unwrap().value;
    let refuse = Fault::Status { status: 401, message: None, retry_after: None };
    vendor.simulator.fail(once(refuse, Endpoint::Metrics));
    let mut session = Session::new(&client, Identity { service_token: None, ..registered }, Some(email()));
    session.send_metrics(&metrics()).await.unwrap();
    assert!(session.take_renewed().unwrap().service_token.is_some());
}

#[tokio::test]
async fn an_ended_license_or_an_unknown_address_registers_nothing() {
    for (status, address) in [(403, Some(email())), (401, None)] {
        let vendor = Vendor::start().await;
        let client = client(&vendor.url);
        vendor.simulator.fail(Fault::Status { status, message: None, retry_after: None }.into());
        let mut session = Session::new(&client, stranger(), address);
        let error = session.send_metrics(&metrics()).await.unwrap_err();
        assert_eq!((error.class, error.http_status), (ErrorClass::Auth, Some(status)));
        assert_eq!(vendor.simulator.snapshot().counts.requests, 1);
    }
}

#[tokio::test]
async fn a_renewal_that_fails_tells_why() {
    let vendor = Vendor::start().await;
    let client = client(&vendor.url);
    let down = Fault::Status { status: 503, message: None, retry_after: None };
    vendor.simulator.fail(once(down, Endpoint::Customer));
    let mut session = Session::new(&client, stranger(), Some(email()));
    assert_eq!(session.send_metrics(&metrics()).await.unwrap_err().class, ErrorClass::Vendor);
    assert!(session.take_renewed().is_none());
}
