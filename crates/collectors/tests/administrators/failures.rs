//! What is there and cannot be asked is an error, and never nobody.

use collectors::{AdministratorError, connect, look_up_administrator};
use sample_data::Tables;
use sqlx::PgPool;

use crate::install::install;
use crate::ohe::Ohe;

const GRANTS: &str = include_str!("../../../../docs/grants.sql");

const SUPERADMIN: &str = "SELECT account('a', 'a@acme.example', 'admin', '2026-01-01')";

/// The role of the grant script, and a pool that logs in as it.
async fn least_privileged(ohe: &Ohe) -> (String, PgPool) {
    let role = format!("telemetry_of_{}", ohe.connect_options().get_database().unwrap());
    ohe.run(&format!("CREATE ROLE {role} LOGIN")).await;
    ohe.run(&GRANTS.replace("ohe_telemetry", &role)).await;
    let pool = connect(ohe.connect_options().username(&role));
    (role, pool)
}

#[tokio::test]
async fn the_grant_script_gives_what_every_step_reads() {
    for tables in [Tables::Settings, Tables::Orgs154, Tables::Orgs] {
        let ohe = install(tables, "").await;
        let (_, pool) = least_privileged(&ohe).await;
        // Nobody is there, so that no step is left out.
        let lookup = look_up_administrator(&pool).await.unwrap();
        assert!(lookup.found.is_none() && lookup.first_user_id.is_none());
    }
}

#[tokio::test]
async fn a_column_that_may_not_be_read_is_an_error_that_names_it() {
    let ohe = install(Tables::Orgs, SUPERADMIN).await;
    let (role, pool) = least_privileged(&ohe).await;
    for column in ["email", "role_id", "first_login_at", "is_disabled"] {
        ohe.run(&format!("REVOKE SELECT ({column}) ON \"user\" FROM {role}")).await;
        let error = look_up_administrator(&pool).await.unwrap_err();
        let message = format!("the column user.{column} of the database of OpenHands Enterprise may not be read");
        assert_eq!(error.to_string(), message);
        ohe.run(&GRANTS.replace("ohe_telemetry", &role)).await;
        assert!(look_up_administrator(&pool).await.unwrap().found.is_some(), "the script may be run again");
    }
    // What a later step would read is not asked for.
    ohe.run(&format!("REVOKE SELECT (email) ON user_settings FROM {role}")).await;
    assert!(look_up_administrator(&pool).await.unwrap().found.is_some());
}

#[tokio::test]
async fn an_unreadable_table_of_an_earlier_step_is_not_passed_over() {
    let rows = "INSERT INTO user_settings (keycloak_user_id, accepted_tos, email) VALUES ('s', '2025-01-01', 's@acme.example')";
    let ohe = install(Tables::Orgs, rows).await;
    let (role, pool) = least_privileged(&ohe).await;
    ohe.run(&format!("REVOKE ALL ON role FROM {role}; REVOKE SELECT (id, name) ON role FROM {role}")).await;
    let error = look_up_administrator(&pool).await.unwrap_err();
    assert!(matches!(error, AdministratorError::MayNotRead(column) if column.table == "role"), "{error}");
}

#[tokio::test]
async fn a_locked_table_is_an_error() {
    let ohe = install(Tables::Orgs, SUPERADMIN).await;
    // The server stops waiting for a lock at once, instead of when the statement's time is over.
    let pool = connect(ohe.connect_options().options([("lock_timeout", "1ms")]));
    let mut migration = ohe.owner().begin().await.unwrap();
    sqlx::raw_sql("LOCK TABLE \"user\"").execute(&mut *migration).await.unwrap();
    let error = look_up_administrator(&pool).await.unwrap_err();
    assert!(matches!(error, AdministratorError::Database(_)), "{error}");
    migration.rollback().await.unwrap();
    assert!(look_up_administrator(&pool).await.unwrap().found.is_some(), "once the lock is gone");
}
