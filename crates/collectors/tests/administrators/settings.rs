//! Generation settings: the users of `user_settings`.

use domain::administrator::AdministratorStep::UserSettings;
use sample_data::Tables;

use crate::install::{Case, install};

const CASES: &[Case] = &[
    Case { rule: "nobody", rows: "", found: None, first: None },
    Case {
        rule: "who has not accepted the terms does not count",
        rows: "INSERT INTO user_settings (keycloak_user_id, accepted_tos, email) VALUES ('never', NULL, 'never@acme.example')",
        found: None,
        first: None,
    },
    Case {
        rule: "the earliest whose address counts; the account is the earliest that has an id",
        rows: "INSERT INTO user_settings (keycloak_user_id, accepted_tos, email) VALUES
                 ('late', '2025-03-01', 'late@acme.example'), ('none', '2025-01-01', NULL), ('blank', '2025-01-01', ' '),
                 ('empty', '2025-01-01', ''), (NULL, '2024-01-01', NULL), (' ', '2024-01-01', 'two words@acme.example')",
        found: Some((UserSettings, "late")),
        first: Some("none"),
    },
    Case {
        rule: "an address without an account, and with blanks around it",
        rows: "INSERT INTO user_settings (keycloak_user_id, accepted_tos, email) VALUES
                 (NULL, '2024-12-31', ' early@acme.example '), ('late', '2025-03-01', 'late@acme.example')",
        found: Some((UserSettings, "early")),
        first: Some("late"),
    },
    Case {
        rule: "of the same instant by id",
        rows: "INSERT INTO user_settings (id, keycloak_user_id, accepted_tos, email) VALUES
                 (3, 'third', '2025-01-01', 'third@acme.example'), (1, 'first', '2025-01-01', NULL),
                 (2, 'second', '2025-01-01', 'second@acme.example')",
        found: Some((UserSettings, "second")),
        first: Some("first"),
    },
];

#[tokio::test]
async fn the_first_to_accept_the_terms_is_the_administrator() {
    let ohe = install(Tables::Settings, "").await;
    for case in CASES {
        case.check(&ohe).await;
    }
}

#[tokio::test]
async fn what_is_missing_is_nobody_and_no_error() {
    const ROWS: &str = "INSERT INTO user_settings (keycloak_user_id, accepted_tos, email)
                        VALUES ('someone', '2025-01-01', 'someone@acme.example');";
    for (change, found, first) in [
        ("ALTER TABLE user_settings DROP COLUMN email", None, Some("someone")),
        ("ALTER TABLE user_settings DROP COLUMN keycloak_user_id", Some((UserSettings, "someone")), None),
        ("ALTER TABLE user_settings DROP COLUMN accepted_tos", None, None),
        ("DROP TABLE user_settings", None, None),
    ] {
        let ohe = install(Tables::Settings, "").await;
        let rows = format!("{ROWS}{change}").leak();
        Case { rule: change, rows, found, first }.check(&ohe).await;
    }
}
