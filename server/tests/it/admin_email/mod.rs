//! Whose install it is: the steps of the administrator's e-mail address. OHE's own steps are tested in the crate that reads
//! its database, and a real Keycloak in a suite of its own.

mod failures;
mod stand_in;
mod turns;
mod way;

use domain::administrator::AdministratorStep;
use ohe_telemetry::services::AdministratorAddress;
use secrecy::ExposeSecret as _;
use sqlx::PgPool;

use self::stand_in::{Keycloak, PASSWORD};
use crate::fixture::Fixture;

/// An install whose administrator is not configured, beside this Keycloak.
async fn beside(keycloak: &Keycloak, password: &str) -> Fixture {
    Fixture::on(
        sample_data::Tables::Settings,
        &[("OPENHANDS_ADMIN_EMAIL", ""), ("KEYCLOAK_SERVER_URL", &keycloak.url), ("KEYCLOAK_ADMIN_PASSWORD", password)],
    )
    .await
}

async fn add_user(pool: &PgPool, id: &str, accepted_tos: Option<&str>, email: Option<&str>) {
    sqlx::query(
        "INSERT INTO user_settings (keycloak_user_id, accepted_tos, email) VALUES ($1, $2::text::timestamp, $3)",
    )
    .bind(id)
    .bind(accepted_tos)
    .bind(email)
    .execute(pool)
    .await
    .unwrap();
}

async fn found(fixture: &Fixture) -> Option<(AdministratorStep, String)> {
    match fixture.services().admin_email.find().await.unwrap() {
        AdministratorAddress::Found { email, step } => Some((step, email.expose_secret().to_owned())),
        AdministratorAddress::Nobody => None,
    }
}

fn answer(step: AdministratorStep, email: &str) -> (AdministratorStep, String) {
    (step, email.to_owned())
}

#[tokio::test]
async fn the_configured_address_wins() {
    let fixture = Fixture::on(sample_data::Tables::Settings, &[("OPENHANDS_ADMIN_EMAIL", " boss@acme.example ")]).await;
    add_user(fixture.pool(), "u", Some("2025-01-01"), Some("ann@acme.example")).await;
    assert_eq!(found(&fixture).await, Some(answer(AdministratorStep::Configured, "boss@acme.example")));
}

#[tokio::test]
async fn else_ohes_own_users() {
    let fixture = Fixture::on(sample_data::Tables::Settings, &[("OPENHANDS_ADMIN_EMAIL", "")]).await;
    assert_eq!(found(&fixture).await, None, "no users yet");
    add_user(fixture.pool(), "never", None, Some("never@acme.example")).await;
    add_user(fixture.pool(), "null", Some("2025-01-02"), None).await;
    assert_eq!(found(&fixture).await, None, "nobody who accepted has an address");
    add_user(fixture.pool(), "first", Some("2025-02-01"), Some("first@acme.example")).await;
    assert_eq!(found(&fixture).await, Some(answer(AdministratorStep::UserSettings, "first@acme.example")));
}

#[tokio::test]
async fn else_keycloaks_account_of_the_first_user_and_of_nobody_else() {
    let keycloak = Keycloak::start().await;
    let fixture = beside(&keycloak, PASSWORD).await;
    assert_eq!(found(&fixture).await, None);
    assert!(keycloak.take_asked().is_empty(), "with nobody to ask about, Keycloak is not asked");
    add_user(fixture.pool(), "second", Some("2025-02-02"), None).await;
    add_user(fixture.pool(), "first", Some("2025-02-01"), Some("")).await;
    assert_eq!(found(&fixture).await, Some(answer(AdministratorStep::Keycloak, "ann@acme.example")));
    assert_eq!(keycloak.take_asked(), ["token", "openhands/first"]);
}

#[tokio::test]
async fn else_keycloaks_account_of_the_first_user_of_todays_tables() {
    let keycloak = Keycloak::start().await;
    let changes = [
        ("OPENHANDS_ADMIN_EMAIL", ""),
        ("KEYCLOAK_SERVER_URL", keycloak.url.as_str()),
        ("KEYCLOAK_ADMIN_PASSWORD", PASSWORD),
    ];
    let fixture = Fixture::on(sample_data::Tables::Orgs, &changes).await;
    let id = "11111111-0000-4000-8000-00000000000a";
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "INSERT INTO org (id, name, agent_settings, conversation_settings) VALUES ('{id}', 'user_org', '{{}}', '{{}}');
         INSERT INTO \"user\" (id, current_org_id, role_id, first_login_at)
         SELECT '{id}', '{id}', role.id, '2026-01-01' FROM role WHERE name = 'admin'"
    )))
    .execute(fixture.pool())
    .await
    .unwrap();
    assert_eq!(found(&fixture).await, None, "Keycloak does not know this user");
    assert_eq!(keycloak.take_asked(), ["token", &format!("openhands/{id}")]);
}

#[tokio::test]
async fn an_account_that_is_gone_or_disabled_or_has_no_address_is_nobody() {
    let keycloak = Keycloak::start().await;
    for id in ["gone", "disabled", "no-email", "no-address"] {
        let fixture = beside(&keycloak, PASSWORD).await;
        add_user(fixture.pool(), id, Some("2025-02-01"), None).await;
        assert_eq!(found(&fixture).await, None, "{id}");
    }
}

#[tokio::test]
async fn a_users_id_is_escaped_in_the_address_whatever_it_holds() {
    let keycloak = Keycloak::start().await;
    let fixture = beside(&keycloak, PASSWORD).await;
    add_user(fixture.pool(), "../evil?x#y", Some("2025-02-01"), None).await;
    assert_eq!(found(&fixture).await, Some(answer(AdministratorStep::Keycloak, "escaped@acme.example")));
    assert_eq!(keycloak.take_asked()[1], "openhands/../evil?x#y");
}

#[tokio::test]
async fn without_the_administrators_password_keycloak_is_not_asked() {
    let keycloak = Keycloak::start().await;
    let fixture = Fixture::on(
        sample_data::Tables::Settings,
        &[("OPENHANDS_ADMIN_EMAIL", ""), ("KEYCLOAK_SERVER_URL", keycloak.url.as_str())],
    )
    .await;
    add_user(fixture.pool(), "first", Some("2025-02-01"), None).await;
    assert_eq!(found(&fixture).await, None);
    assert!(keycloak.take_asked().is_empty());
}
