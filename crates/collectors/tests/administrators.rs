//! Who the first administrator is, as far as OHE's database tells.

mod ohe;

use collectors::first_administrator;
use ohe::Ohe;
use secrecy::ExposeSecret;

/// The e-mail address and the Keycloak id that are found.
async fn found(ohe: &Ohe) -> (Option<String>, Option<String>) {
    let first = first_administrator(&ohe.pool).await.unwrap();
    assert!(!format!("{first:?}").contains("acme"), "an address never prints");
    (first.email.map(|email| email.expose_secret().to_owned()), first.keycloak_user_id)
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[tokio::test]
async fn the_first_to_accept_the_terms_is_the_administrator() {
    let ohe = Ohe::for_rows_by_hand().await;
    assert_eq!(found(&ohe).await, (None, None));
    ohe.run("INSERT INTO user_settings (keycloak_user_id, accepted_tos, email) VALUES ('never', NULL, 'never@acme.example')").await;
    assert_eq!(found(&ohe).await, (None, None), "who never accepted is none");
    ohe.run(
        "INSERT INTO user_settings (keycloak_user_id, accepted_tos, email) VALUES
             ('late', '2025-03-01', 'late@acme.example'), ('none', '2025-01-01', NULL), ('blank', '2025-01-01', ' '),
             ('empty', '2025-01-01', ''), (NULL, '2024-01-01', NULL), ('', '2024-01-01', NULL)",
    )
    .await;
    assert_eq!(found(&ohe).await, (some("late@acme.example"), some("none")));
    ohe.run("INSERT INTO user_settings (keycloak_user_id, accepted_tos, email) VALUES ('early', '2024-12-31', ' early@acme.example ')").await;
    assert_eq!(found(&ohe).await, (some("early@acme.example"), some("early")));
}

#[tokio::test]
async fn ties_are_broken_by_id() {
    let ohe = Ohe::for_rows_by_hand().await;
    ohe.run(
        "INSERT INTO user_settings (id, keycloak_user_id, accepted_tos, email) VALUES
             (3, 'c', '2025-01-01', 'c@acme.example'), (1, 'a', '2025-01-01', NULL), (2, 'b', '2025-01-01', 'b@acme.example')",
    )
    .await;
    assert_eq!(found(&ohe).await, (some("b@acme.example"), some("a")));
}

#[tokio::test]
async fn what_is_missing_is_none_and_no_error() {
    let ohe = Ohe::for_rows_by_hand().await;
    ohe.run("INSERT INTO user_settings (keycloak_user_id, accepted_tos, email) VALUES ('a', '2025-01-01', 'a@acme.example')").await;
    ohe.run("ALTER TABLE user_settings RENAME email TO mail").await;
    assert_eq!(found(&ohe).await, (None, some("a")));
    ohe.run("ALTER TABLE user_settings RENAME mail TO email; ALTER TABLE user_settings DROP COLUMN keycloak_user_id")
        .await;
    assert_eq!(found(&ohe).await, (some("a@acme.example"), None));
    ohe.run("ALTER TABLE user_settings DROP COLUMN accepted_tos").await;
    assert_eq!(found(&ohe).await, (None, None));
    ohe.run("DROP TABLE user_settings").await;
    assert_eq!(found(&ohe).await, (None, None));
}
