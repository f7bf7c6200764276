//! Several processes that ask at the same moment.

use domain::administrator::AdministratorStep;
use ohe_telemetry::services::{AdminEmailError, AdministratorAddress};

use super::stand_in::{Keycloak, PASSWORD};
use super::{add_user, beside};

#[tokio::test]
async fn processes_that_ask_at_the_same_moment_try_a_refused_password_once() {
    let keycloak = Keycloak::start().await;
    let fixture = beside(&keycloak, "wrong").await;
    add_user(fixture.pool(), "first", Some("2025-02-01"), None).await;
    let others = [fixture.another_process(&[]), fixture.another_process(&[])];
    let results = tokio::join!(
        fixture.services().admin_email.find(),
        others[0].services.admin_email.find(),
        others[1].services.admin_email.find_by_hand(),
    );
    let results = [results.0, results.1, results.2].map(Result::unwrap_err);
    let refused = results.iter().filter(|error| matches!(error, AdminEmailError::Keycloak(_))).count();
    let waiting = results.iter().filter(|error| matches!(error, AdminEmailError::Waiting { .. })).count();
    assert_eq!((refused, waiting), (1, 2), "{results:?}");
    assert_eq!(keycloak.take_asked(), ["token"]);
}

#[tokio::test]
async fn a_turn_is_given_back_whatever_came_of_it() {
    let keycloak = Keycloak::start().await;
    let fixture = beside(&keycloak, PASSWORD).await;
    add_user(fixture.pool(), "first", Some("2025-02-01"), None).await;
    let other = fixture.another_process(&[("KEYCLOAK_ADMIN_PASSWORD", "wrong")]);
    for _ in 0..2 {
        let found = fixture.services().admin_email.find().await.unwrap();
        assert!(matches!(found, AdministratorAddress::Found { step: AdministratorStep::Keycloak, .. }), "{found:?}");
        other.services.admin_email.find().await.unwrap_err();
    }
}
