//! Registration.

#![expect(clippy::unwrap_used, reason = "a test ends at its first surprise, and so do the functions it shares")]

mod support;

use replicated::Identity;
use replicated::simulator::{Endpoint, Fault, Rule, When};
use secrecy::ExposeSecret;
use support::{CLUSTER, Vendor, client, email, metrics};

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
