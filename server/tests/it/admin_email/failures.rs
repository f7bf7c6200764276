//! "Could not be asked" is never "nobody", and is not asked again too soon.

use domain::administrator::{AdministratorStep, LookupFailure};
use ohe_telemetry::services::{AdminEmailError, AdministratorAddress, CollectionError, CollectionOutcome, SkipReason};
use store::LookupResult;

use super::stand_in::{Keycloak, PASSWORD};
use super::{add_user, answer, beside, found};
use crate::fixture::{Fixture, at};

async fn error(fixture: &Fixture) -> AdminEmailError {
    match fixture.services().admin_email.find().await {
        Err(error) => error,
        Ok(answer) => panic!("an answer: {answer:?}"),
    }
}

/// The kind and the words of the failure that is shown to administrators.
async fn recorded(fixture: &Fixture) -> (LookupFailure, String, String) {
    let record = fixture.services().admin_email.latest().await.unwrap().unwrap();
    match record.result {
        LookupResult::Failed { failure, error, remedy, .. } => (failure, error, remedy),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn each_failure_of_keycloak_is_told_with_what_helps() {
    let keycloak = Keycloak::start().await;
    let root = keycloak.url.trim_end_matches("auth/").to_owned();
    let url = keycloak.url.as_str();
    for (id, url, password, kind, error, remedy) in [
        (
            "first",
            url,
            "wrong",
            LookupFailure::Refused,
            "refuses the administrator's password",
            "KEYCLOAK_ADMIN_PASSWORD",
        ),
        ("first", root.as_str(), PASSWORD, LookupFailure::Keycloak, "not found at this path", "KEYCLOAK_SERVER_URL"),
        ("first", "http://127.0.0.1:9/", PASSWORD, LookupFailure::Keycloak, "does not answer", "KEYCLOAK_SERVER_URL"),
        ("fails", url, PASSWORD, LookupFailure::Keycloak, "Keycloak fails (reading the account, HTTP 500)", "running"),
        ("moved", url, PASSWORD, LookupFailure::Keycloak, "not Keycloak's (reading the account, HTTP 307)", "redirect"),
        (
            "a-page",
            url,
            PASSWORD,
            LookupFailure::Keycloak,
            "not Keycloak's (reading the account, HTTP 200)",
            "redirect",
        ),
    ] {
        let changes =
            [("OPENHANDS_ADMIN_EMAIL", ""), ("KEYCLOAK_SERVER_URL", url), ("KEYCLOAK_ADMIN_PASSWORD", password)];
        let fixture = Fixture::on(sample_data::Tables::Settings, &changes).await;
        add_user(fixture.pool(), id, Some("2025-02-01"), None).await;
        let failed = self::error(&fixture).await;
        assert!(failed.remedy().contains(remedy), "{id}: {}", failed.remedy());
        let (recorded_kind, recorded_error, recorded_remedy) = recorded(&fixture).await;
        assert_eq!(recorded_kind, kind, "{id}");
        assert!(recorded_error.contains(error), "{id}: {recorded_error}");
        assert_eq!(recorded_remedy, failed.remedy());
        for secret in ["acme", password, "p%40ss"] {
            assert!(!format!("{recorded_error} {failed:?}").contains(&format!("{secret}@")), "{id}: {failed:?}");
        }
    }
}

#[tokio::test]
async fn a_refused_password_is_tried_once_an_hour_whichever_process_asks() {
    let keycloak = Keycloak::start().await;
    let fixture = beside(&keycloak, "wrong").await;
    add_user(fixture.pool(), "first", Some("2025-02-01"), None).await;
    assert!(matches!(error(&fixture).await, AdminEmailError::Keycloak(keycloak::Error::PasswordRefused)));
    assert_eq!(keycloak.take_asked(), ["token"]);
    let restarted = fixture.another_process(&[]);
    for time in ["2025-11-10T12:02:00Z", "2025-11-10T12:59:59.999Z"] {
        fixture.set_time(time);
        let waiting = error(&fixture).await;
        assert!(waiting.to_string().ends_with("this is tried again at 2025-11-10 13:00:00 UTC"), "{waiting}");
        assert!(waiting.remedy().contains("KEYCLOAK_ADMIN_PASSWORD"));
        assert!(matches!(restarted.services.admin_email.find().await, Err(AdminEmailError::Waiting { .. })));
        let by_hand = fixture.services().admin_email.find_by_hand().await;
        assert!(matches!(by_hand, Err(AdminEmailError::Waiting { .. })), "a person locks the account out just as well");
    }
    assert!(keycloak.take_asked().is_empty());
    fixture.set_time("2025-11-10T13:00:00Z");
    assert!(matches!(restarted.services.admin_email.find().await, Err(AdminEmailError::Keycloak(_))));
    assert!(matches!(error(&fixture).await, AdminEmailError::Waiting { .. }));
    assert_eq!(keycloak.take_asked(), ["token"]);
}

#[tokio::test]
async fn a_corrected_password_is_tried_at_once() {
    let keycloak = Keycloak::start().await;
    let fixture = beside(&keycloak, "wrong").await;
    add_user(fixture.pool(), "first", Some("2025-02-01"), None).await;
    error(&fixture).await;
    let corrected = fixture.another_process(&[("KEYCLOAK_ADMIN_PASSWORD", PASSWORD)]);
    let address = corrected.services.admin_email.find().await.unwrap();
    assert!(matches!(address, AdministratorAddress::Found { step: AdministratorStep::Keycloak, .. }), "{address:?}");
}

#[tokio::test]
async fn a_refusal_is_remembered_whatever_happens_in_between() {
    let keycloak = Keycloak::start().await;
    let fixture = beside(&keycloak, "wrong").await;
    add_user(fixture.pool(), "first", Some("2025-02-01"), None).await;
    error(&fixture).await;
    let change = async |sql: &'static str| sqlx::raw_sql(sql).execute(fixture.pool()).await.map(drop).unwrap();
    change(
        "ALTER TABLE user_settings RENAME TO settings;
         CREATE VIEW user_settings AS SELECT id, keycloak_user_id, accepted_tos, (1 / (id - id))::text AS email FROM settings",
    )
    .await;
    fixture.set_time("2025-11-10T12:10:00Z");
    assert!(matches!(error(&fixture).await, AdminEmailError::Ohe(_)));
    assert_eq!(recorded(&fixture).await.0, LookupFailure::Database);
    change("DROP VIEW user_settings; ALTER TABLE settings RENAME TO user_settings").await;
    fixture.set_time("2025-11-10T12:30:00Z");
    let waiting = error(&fixture).await;
    assert!(waiting.to_string().ends_with("2025-11-10 13:00:00 UTC"), "{waiting}");
    assert_eq!(keycloak.take_asked(), ["token"]);
}

#[tokio::test]
async fn other_failures_wait_longer_and_longer_and_ohes_users_are_looked_at_meanwhile() {
    let keycloak = Keycloak::start().await;
    let fixture = beside(&keycloak, PASSWORD).await;
    add_user(fixture.pool(), "fails", Some("2025-02-01"), None).await;
    for (time, asked) in [
        ("2025-11-10T12:00:00Z", true),
        ("2025-11-10T12:02:59Z", false),
        ("2025-11-10T12:03:00Z", true),
        ("2025-11-10T12:08:59Z", false),
        ("2025-11-10T12:09:00Z", true),
        ("2025-11-10T12:20:00Z", false),
        ("2025-11-10T12:21:00Z", true),
    ] {
        fixture.set_time(time);
        let failed = error(&fixture).await;
        assert_eq!(!matches!(failed, AdminEmailError::Waiting { .. }), asked, "{time}: {failed}");
        assert_eq!(!keycloak.take_asked().is_empty(), asked, "{time}");
    }
    assert!(fixture.services().admin_email.find_by_hand().await.is_err());
    assert!(!keycloak.take_asked().is_empty(), "a person need not wait");
    add_user(fixture.pool(), "second", Some("2025-03-01"), Some("second@acme.example")).await;
    assert_eq!(found(&fixture).await, Some(answer(AdministratorStep::UserSettings, "second@acme.example")));
    assert!(keycloak.take_asked().is_empty());
}

#[tokio::test]
async fn a_failure_of_a_time_to_come_is_none() {
    let keycloak = Keycloak::start().await;
    let fixture = beside(&keycloak, PASSWORD).await;
    add_user(fixture.pool(), "fails", Some("2025-02-01"), None).await;
    fixture.set_time("2026-11-10T12:00:00Z");
    error(&fixture).await;
    fixture.set_time("2025-11-10T12:00:00Z");
    assert!(matches!(error(&fixture).await, AdminEmailError::Keycloak(_)), "the clock was set back");
}

#[tokio::test]
async fn a_new_install_does_not_collect_while_nobody_can_be_asked() {
    let keycloak = Keycloak::start().await;
    let fixture = beside(&keycloak, "wrong").await;
    let collect = async || fixture.services().collection.run_for_slot(None).await;
    let nobody = CollectionOutcome::Skipped { reason: SkipReason::NoAdminEmail, total_processed: Some(0) };
    assert_eq!(collect().await.unwrap(), nobody);
    add_user(fixture.pool(), "first", Some("2025-02-01"), None).await;
    assert!(matches!(collect().await, Err(CollectionError::AdminEmail(_))));
    assert_eq!(fixture.services().store.facts(at("2025-11-10T12:00:00Z")).await.unwrap().pending, 0);
}

#[tokio::test]
async fn an_established_install_collects_whatever_is_broken() {
    let keycloak = Keycloak::start().await;
    let fixture = beside(&keycloak, "wrong").await;
    add_user(fixture.pool(), "first", Some("2025-02-01"), None).await;
    fixture.is_known_to_the_vendor().await;
    let outcome = fixture.services().collection.run_for_slot(None).await.unwrap();
    assert!(matches!(outcome, CollectionOutcome::Completed { .. }), "{outcome:?}");
    assert!(keycloak.take_asked().is_empty());
}
