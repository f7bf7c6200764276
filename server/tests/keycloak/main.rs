//! The administrator's address from a real Keycloak: what it answers in each case is Keycloak's to say, not ours.
//!
//! `cargo xtask test keycloak` fetches the Keycloak that this runs.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that lacks its parts cannot go on")]

#[expect(dead_code, reason = "it is made for more tests than these")]
#[path = "../it/fixture.rs"]
mod fixture;
mod recorder;
mod server;

use domain::administrator::AdministratorStep;
use ohe_telemetry::services::{AdminEmailError, AdministratorAddress};
use sample_data::Tables;
use secrecy::ExposeSecret as _;
use sqlx::AssertSqlSafe;

use self::fixture::Fixture;
use self::recorder::Recorder;
use self::server::{DISABLED, GONE, Keycloak, PASSWORD, REALM, WITH_EMAIL, WITHOUT_EMAIL};

/// One Keycloak for all cases, since it takes a quarter of a minute to start.
#[tokio::test]
async fn the_administrators_address_from_a_real_keycloak() {
    let keycloak = Keycloak::start().await;
    the_address_of_an_account_is_found_by_its_id_on_either_generation(&keycloak).await;
    an_account_that_is_gone_or_disabled_or_has_no_address_is_nobody(&keycloak).await;
    a_wrong_realm_path_or_port_is_an_error_that_names_the_variable(&keycloak).await;
    a_wrong_password_is_tried_once_an_hour(&keycloak).await;
}

async fn install(tables: Tables, url: &str, realm: &str, password: &str, user: &str) -> Fixture {
    let changes = [
        ("OPENHANDS_ADMIN_EMAIL", ""),
        ("KEYCLOAK_SERVER_URL", url),
        ("KEYCLOAK_REALM_NAME", realm),
        ("KEYCLOAK_ADMIN_PASSWORD", password),
    ];
    let fixture = Fixture::on(tables, &changes).await;
    let row = if tables == Tables::Settings {
        format!("INSERT INTO user_settings (keycloak_user_id, accepted_tos) VALUES ('{user}', '2025-02-01')")
    } else {
        format!(
            "INSERT INTO org (id, name, agent_settings, conversation_settings) VALUES ('{user}', 'theirs', '{{}}', '{{}}');
             INSERT INTO \"user\" (id, current_org_id, role_id, first_login_at)
             SELECT '{user}', '{user}', role.id, '2026-01-01' FROM role WHERE name = 'admin'"
        )
    };
    sqlx::raw_sql(AssertSqlSafe(row)).execute(fixture.pool()).await.unwrap();
    fixture
}

async fn find(fixture: &Fixture) -> Result<AdministratorAddress, AdminEmailError> {
    fixture.services().admin_email.find().await
}

async fn the_address_of_an_account_is_found_by_its_id_on_either_generation(keycloak: &Keycloak) {
    for tables in [Tables::Settings, Tables::Orgs154, Tables::Orgs] {
        let fixture = install(tables, &keycloak.url, REALM, PASSWORD, WITH_EMAIL).await;
        let address = find(&fixture).await.unwrap();
        let AdministratorAddress::Found { email, step } = address else { panic!("{tables:?}: {address:?}") };
        assert_eq!((email.expose_secret(), step), ("ann@acme.example", AdministratorStep::Keycloak), "{tables:?}");
    }
}

async fn an_account_that_is_gone_or_disabled_or_has_no_address_is_nobody(keycloak: &Keycloak) {
    for user in [GONE, DISABLED, WITHOUT_EMAIL] {
        let fixture = install(Tables::Orgs, &keycloak.url, REALM, PASSWORD, user).await;
        let address = find(&fixture).await.unwrap();
        assert!(matches!(address, AdministratorAddress::Nobody), "{user}: {address:?}");
    }
}

async fn a_wrong_realm_path_or_port_is_an_error_that_names_the_variable(keycloak: &Keycloak) {
    let with_prefix = format!("{}/auth", keycloak.url);
    for (url, realm, remedy) in [
        (keycloak.url.as_str(), "openhand", "correct KEYCLOAK_REALM_NAME"),
        (with_prefix.as_str(), REALM, "correct the path in KEYCLOAK_SERVER_URL"),
        ("http://127.0.0.1:9", REALM, "reached at KEYCLOAK_SERVER_URL"),
    ] {
        let fixture = install(Tables::Settings, url, realm, PASSWORD, WITH_EMAIL).await;
        let error = find(&fixture).await.unwrap_err();
        assert!(error.remedy().contains(remedy), "{url} {realm}: {error:?}");
    }
}

async fn a_wrong_password_is_tried_once_an_hour(keycloak: &Keycloak) {
    let recorder = Recorder::before(&keycloak.url).await;
    let fixture = install(Tables::Settings, &recorder.url, REALM, "wrong", WITH_EMAIL).await;
    let error = find(&fixture).await.unwrap_err();
    assert!(matches!(error, AdminEmailError::Keycloak(keycloak::Error::PasswordRefused)), "{error:?}");
    assert_eq!(recorder.requests(), 1);
    fixture.set_time("2025-11-10T12:59:59Z");
    assert!(matches!(find(&fixture).await, Err(AdminEmailError::Waiting { .. })));
    assert_eq!(recorder.requests(), 1, "within the hour Keycloak is left alone");
    fixture.set_time("2025-11-10T13:00:00Z");
    assert!(matches!(find(&fixture).await, Err(AdminEmailError::Keycloak(_))));
    assert_eq!(recorder.requests(), 2);
    let corrected = fixture.another_process(&[("KEYCLOAK_ADMIN_PASSWORD", PASSWORD)]);
    let address = corrected.services.admin_email.find().await.unwrap();
    assert!(matches!(address, AdministratorAddress::Found { .. }), "a corrected password is tried at once");
}
