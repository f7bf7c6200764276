//! The identity: always of one registration, and never lost.

use futures::future::join_all;
use secrecy::ExposeSecret;
use store::{Identity, NewAuditEntry, Registration, StoreError};

use crate::samples::{another, at, migrated, registration};

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
async fn the_instance_is_added_to_the_registration_it_belongs_to_and_to_no_other() {
    let (_database, store) = migrated().await;
    let cluster_id = store.identity().await.unwrap().cluster_id;
    let half = |nth| Registration { instance_id: None, ..registration(nth) };
    store.replace_identity(&half("1"), None).await.unwrap();
    assert!(!store.complete_identity(&registration("2"), "inst_2").await.unwrap(), "of another customer");
    let stale = Registration { service_token: Some("token_0".into()), ..half("1") };
    assert!(!store.complete_identity(&stale, "inst_0").await.unwrap(), "of an earlier token");
    assert_eq!(known(&store.identity().await.unwrap()), (Some("cust_1"), None, Some("token_1")));
    assert!(store.complete_identity(&half("1"), "inst_1").await.unwrap());
    assert!(!store.complete_identity(&half("1"), "inst_other").await.unwrap(), "it has one");
    let read = store.identity().await.unwrap();
    assert_eq!(known(&read), (Some("cust_1"), Some("inst_1"), Some("token_1")));
    assert_eq!(read.cluster_id, cluster_id);
}

#[tokio::test]
async fn a_registration_takes_the_place_of_another_as_a_whole() {
    let (_database, store) = migrated().await;
    let cluster_id = store.identity().await.unwrap().cluster_id;
    store.replace_identity(&registration("1"), None).await.unwrap();
    let second =
        Registration { instance_id: None, service_token: None, customer_email_step: None, ..registration("2") };
    store.replace_identity(&second, None).await.unwrap();
    let identity = store.identity().await.unwrap();
    assert_eq!(known(&identity), (Some("cust_2"), None, None), "nothing of the first is left");
    let email = identity.customer_email.as_ref().map(ExposeSecret::expose_secret);
    assert_eq!(email, Some("admin_2@acme.example"));
    assert_eq!((identity.customer_email_hash.as_deref(), &identity.customer_email_step), (Some("hash_2"), &None));
    assert_eq!(identity.cluster_id, cluster_id, "our own id stays");
    let shown = format!("{:?}", store.replace_identity(&registration("3"), None).await.unwrap());
    assert!(!shown.contains("token_3") && !shown.contains("admin_3"), "neither a token nor an address prints: {shown}");
}

#[tokio::test]
async fn an_audited_registration_is_stored_with_its_entry_or_not_at_all() {
    let (database, store) = migrated().await;
    let entry = NewAuditEntry {
        at: at("2025-11-09T02:00:00Z"),
        actor: "cli".to_owned(),
        action: "identity_reregister".to_owned(),
        detail: serde_json::json!({"customer_id": "cust_1"}),
        outcome: "completed".to_owned(),
    };
    store.replace_identity(&registration("1"), Some(&entry)).await.unwrap();
    assert_eq!(store.recent_audit_entries(9).await.unwrap().len(), 1);
    sqlx::raw_sql("ALTER TABLE telemetry_audit_log ADD CHECK (actor <> 'cli') NOT VALID")
        .execute(database.pool())
        .await
        .unwrap();
    store.replace_identity(&registration("2"), Some(&entry)).await.unwrap_err();
    assert_eq!(known(&store.identity().await.unwrap()), (Some("cust_1"), Some("inst_1"), Some("token_1")));
}

#[tokio::test]
async fn an_identity_of_an_earlier_release_gets_the_address_that_matches_its_hash() {
    for (hash, matches) in [("NULL", true), ("'hash_1'", true), ("'hash_2'", false)] {
        let (database, store) = migrated().await;
        let earlier = format!(
            "INSERT INTO telemetry_identity (customer_id, instance_id, customer_email_hash) VALUES ('cust', 'inst', {hash})"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(earlier)).execute(database.pool()).await.unwrap();
        let complete = async |customer: &str, email: &str| {
            store.complete_customer_email(customer, &email.into(), Some("configured"), "hash_1").await.unwrap()
        };
        assert!(!complete("cust_other", "other@acme.example").await, "another customer's");
        assert_eq!(complete("cust", "admin@acme.example").await, matches, "{hash}");
        assert!(!complete("cust", "second@acme.example").await, "it has one, or matches none");
        let identity = store.identity().await.unwrap();
        let email = identity.customer_email.as_ref().map(ExposeSecret::expose_secret);
        assert_eq!(email, matches.then_some("admin@acme.example"), "{hash}");
    }
}

#[tokio::test]
async fn a_table_that_was_not_migrated_is_said_to_be_so() {
    let (database, store) = migrated().await;
    sqlx::raw_sql("ALTER TABLE telemetry_identity DROP COLUMN customer_email").execute(database.pool()).await.unwrap();
    assert!(matches!(store.identity().await.unwrap_err(), StoreError::NotMigrated(_)));
}
