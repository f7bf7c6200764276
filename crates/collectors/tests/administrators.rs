//! Who the first administrator is, as far as OHE's database tells.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails where it cannot go on")]

mod ohe;

use collectors::first_administrator;
use ohe::Ohe;
use sample_data::Tables;
use secrecy::ExposeSecret;

async fn expect(ohe: &Ohe, email: Option<&str>, keycloak_user_id: Option<&str>) {
    let first = first_administrator(&ohe.pool).await.unwrap();
    assert!(!format!("{first:?}").contains("acme"), "an address never prints");
    assert_eq!(first.email.as_ref().map(ExposeSecret::expose_secret), email);
    assert_eq!(first.keycloak_user_id.as_deref(), keycloak_user_id);
}

#[tokio::test]
async fn the_first_to_accept_the_terms_is_the_administrator() {
    let ohe = Ohe::for_rows_by_hand(Tables::Settings).await;
    expect(&ohe, None, None).await;
    ohe.run("INSERT INTO user_settings (keycloak_user_id, accepted_tos, email) VALUES ('never', NULL, 'never@acme.example')").await;
    expect(&ohe, None, None).await;
    ohe.run(
        "INSERT INTO user_settings (keycloak_user_id, accepted_tos, email) VALUES
             ('late', '2025-03-01', 'late@acme.example'), ('none', '2025-01-01', NULL), ('blank', '2025-01-01', ' '),
             ('empty', '2025-01-01', ''), (NULL, '2024-01-01', NULL), ('', '2024-01-01', NULL)",
    )
    .await;
    expect(&ohe, Some("late@acme.example"), Some("none")).await;
    ohe.run("INSERT INTO user_settings (keycloak_user_id, accepted_tos, email) VALUES ('early', '2024-12-31', ' early@acme.example ')").await;
    expect(&ohe, Some("early@acme.example"), Some("early")).await;
}

#[tokio::test]
async fn ties_are_broken_by_id() {
    let ohe = Ohe::for_rows_by_hand(Tables::Settings).await;
    ohe.run(
        "INSERT INTO user_settings (id, keycloak_user_id, accepted_tos, email) VALUES
             (3, 'c', '2025-01-01', 'c@acme.example'), (1, 'a', '2025-01-01', NULL), (2, 'b', '2025-01-01', 'b@acme.example')",
    )
    .await;
    expect(&ohe, Some("b@acme.example"), Some("a")).await;
}

#[tokio::test]
async fn what_is_missing_is_none_and_no_error() {
    let ohe = Ohe::for_rows_by_hand(Tables::Settings).await;
    ohe.run("INSERT INTO user_settings (keycloak_user_id, accepted_tos, email) VALUES ('a', '2025-01-01', 'a@acme.example')").await;
    ohe.run("ALTER TABLE user_settings RENAME email TO mail").await;
    expect(&ohe, None, Some("a")).await;
    ohe.run("ALTER TABLE user_settings RENAME mail TO email; ALTER TABLE user_settings DROP COLUMN keycloak_user_id")
        .await;
    expect(&ohe, Some("a@acme.example"), None).await;
    ohe.run("ALTER TABLE user_settings DROP COLUMN accepted_tos").await;
    expect(&ohe, None, None).await;
    ohe.run("DROP TABLE user_settings").await;
    expect(&ohe, None, None).await;
}
