//! The identity: stored bit by bit, and never lost.

use futures::future::join_all;
use secrecy::ExposeSecret;
use store::{Identity, IdentityUpdate};

use crate::samples::{another, migrated};

fn known(identity: &Identity) -> (Option<&str>, Option<&str>, Option<&str>) {
    let token = identity.service_token.as_ref().map(ExposeSecret::expose_secret);
    (identity.customer_id.as_deref(), identity.instance_id.as_deref(), token)
}

#[tokio::test]
async fn the_cluster_id_is_made_once_however_many_ask_first() {
    let (database, store) = migrated().await;
    let stores: Vec<_> = (0..6).map(|_| another(&database)).collect();
    let identities = join_all(stores.iter().map(store::Store::identity)).await;
    let expected = store.identity().await.unwrap();
    assert_eq!(known(&expected), (None, None, None));
    assert!(expected.cluster_id.len() == 64 && expected.cluster_id.bytes().all(|byte| byte.is_ascii_hexdigit()));
    for identity in identities {
        assert_eq!(identity.unwrap().cluster_id, expected.cluster_id);
    }
    let (_other_database, other) = migrated().await;
    assert_ne!(other.identity().await.unwrap().cluster_id, expected.cluster_id);
}

#[tokio::test]
async fn each_answer_of_the_vendor_adds_to_what_is_known() {
    let (_database, store) = migrated().await;
    let cluster_id = store.identity().await.unwrap().cluster_id;
    let customer = IdentityUpdate {
        customer_id: Some("cust_1".into()),
        service_token: Some("token_1".into()),
        ..IdentityUpdate::default()
    };
    store.establish_identity(&customer).await.unwrap();
    let instance = IdentityUpdate { instance_id: Some("inst_1".into()), ..IdentityUpdate::default() };
    let after = store.establish_identity(&instance).await.unwrap();
    assert_eq!(known(&after), (Some("cust_1"), Some("inst_1"), Some("token_1")));
    let read = store.identity().await.unwrap();
    assert_eq!(known(&read), known(&after));
    assert_eq!(read.cluster_id, cluster_id);
}

#[tokio::test]
async fn the_customer_that_was_established_stays_and_instance_and_token_are_renewed() {
    let (_database, store) = migrated().await;
    for nth in ["1", "2"] {
        let update = IdentityUpdate {
            customer_id: Some(format!("cust_{nth}")),
            instance_id: Some(format!("inst_{nth}")),
            service_token: Some(format!("token_{nth}").into()),
            customer_email_hash: Some(format!("hash_{nth}")),
        };
        store.establish_identity(&update).await.unwrap();
    }
    let identity = store.identity().await.unwrap();
    assert_eq!(known(&identity), (Some("cust_1"), Some("inst_2"), Some("token_2")));
    assert_eq!(identity.customer_email_hash.as_deref(), Some("hash_1"), "it goes with the customer");
    assert!(!format!("{identity:?}").contains("token_2"), "a token never prints");
}
