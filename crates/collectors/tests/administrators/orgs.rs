//! Generation orgs: steps 2 to 5, each with its order and its borders, and releases that lack a part.

use domain::administrator::AdministratorStep::{
    AnyUser, DefaultOrgOwner, Superadmin, SuperadminWithoutLogin, UserSettings,
};
use sample_data::Tables;

use crate::install::{Case, install};

const SUPERADMINS: &[Case] = &[
    Case { rule: "nobody", rows: "", found: None, first: None },
    Case {
        rule: "a superadmin who logged in comes before everybody else, however late",
        rows: "SELECT account('a', 'a@acme.example', NULL, '2026-01-01', '2026-01-01'), member('a', 'owner');
               SELECT account('b', 'b@acme.example', 'admin', '2026-06-01');",
        found: Some((Superadmin, "b")),
        first: Some("b"),
    },
    Case {
        rule: "the first by login, not by the terms or by id",
        rows: "SELECT account('a', 'a@acme.example', 'admin', '2026-03-01', '2025-01-01');
               SELECT account('b', 'b@acme.example', 'admin', '2026-02-01', '2026-05-01');",
        found: Some((Superadmin, "b")),
        first: Some("b"),
    },
    Case {
        rule: "logins of the same instant are in the order of ids",
        rows: "SELECT account('b', 'b@acme.example', 'admin', '2026-02-01'), account('a', 'a@acme.example', 'admin', '2026-02-01')",
        found: Some((Superadmin, "a")),
        first: Some("a"),
    },
    Case {
        rule: "an address that does not count is passed over, while Keycloak would be asked for its user",
        rows: "SELECT account('a', NULL, 'admin', '2026-01-01'), account('b', ' ', 'admin', '2026-01-02'),
                      account('c', 'c at acme', 'admin', '2026-01-03'), account('d', '@acme.example', 'admin', '2026-01-04'),
                      account('e', E' e@acme.example\\n', 'admin', '2026-01-05')",
        found: Some((Superadmin, "e")),
        first: Some("a"),
    },
    Case {
        rule: "many addresses that look like one at first sight",
        rows: r#"INSERT INTO "user" (id, email, role_id, first_login_at)
                 SELECT gen_random_uuid(), 'x@y@z', role.id, '2026-01-01' FROM role, generate_series(1, 45) WHERE name = 'admin';
                 DELETE FROM "user" WHERE id::text < '00000000-0000-4000-8000-00000000000f';
                 SELECT account('a', 'a@acme.example', 'admin', '2026-01-02'), account('b', 'no', 'admin', '2025-01-01');"#,
        found: Some((Superadmin, "a")),
        first: Some("b"),
    },
    Case {
        rule: "the role owner, and the role admin in an organization, make no superadmin",
        rows: "SELECT account('a', 'a@acme.example', 'owner', '2026-01-01'), account('b', 'b@acme.example', NULL, '2026-01-02');
               SELECT member('b', 'admin'); SELECT account('c', 'c@acme.example', 'admin', '2026-01-03');",
        found: Some((Superadmin, "c")),
        first: Some("c"),
    },
    Case {
        rule: "a superadmin who accepted the terms and never logged in is any user",
        rows: "SELECT account('a', 'a@acme.example', 'admin', NULL, '2026-01-02'), account('b', 'b@acme.example', NULL, '2026-01-01')",
        found: Some((AnyUser, "b")),
        first: Some("b"),
    },
];

const OWNERS: &[Case] = &[
    Case {
        rule: "an owner of the default organization comes before those who were there earlier",
        rows: "SELECT account('a', 'a@acme.example', NULL, '2026-01-01', '2026-01-01');
               SELECT account('b', 'b@acme.example', NULL, '2026-06-01', '2026-06-01'); SELECT member('b', 'owner');",
        found: Some((DefaultOrgOwner, "b")),
        first: Some("b"),
    },
    Case {
        rule: "by the terms, not by login; of the same instant by id",
        rows: "SELECT account('a', 'a@acme.example', NULL, '2026-01-01', '2026-03-01'),
                      account('c', 'c@acme.example', NULL, '2026-01-03', '2026-02-01'),
                      account('b', 'b@acme.example', NULL, '2026-01-02', '2026-02-01');
               SELECT member('a', 'owner'); SELECT member('b', 'owner'); SELECT member('c', 'owner');",
        found: Some((DefaultOrgOwner, "b")),
        first: Some("b"),
    },
    Case {
        rule: "everybody owns a personal organization, which counts for nothing; nor do other roles",
        rows: "SELECT account('b', 'b@acme.example', NULL, NULL, '2026-01-02'), account('c', 'c@acme.example', NULL, NULL, '2026-01-03'),
                      account('a', 'a@acme.example', NULL, NULL, '2026-01-04');
               SELECT member('a', 'owner', false); SELECT member('b', 'admin'); SELECT member('c', 'member');",
        found: Some((AnyUser, "b")),
        first: Some("b"),
    },
    Case {
        rule: "an owner who has not accepted the terms is any user",
        rows: "SELECT account('a', 'a@acme.example', NULL, '2026-01-02'); SELECT member('a', 'owner');
               SELECT account('b', 'b@acme.example', NULL, '2026-01-01');",
        found: Some((AnyUser, "b")),
        first: Some("b"),
    },
    Case {
        rule: "an owner without an address leaves it to the next step, and is the first",
        rows: "SELECT account('b', NULL, NULL, NULL, '2026-02-01'); SELECT member('b', 'owner');
               SELECT account('a', 'a@acme.example', NULL, '2026-01-01');",
        found: Some((AnyUser, "a")),
        first: Some("b"),
    },
];

const ANY_USERS: &[Case] = &[
    Case {
        rule: "the earliest by login, else by the terms",
        rows: "SELECT account('a', 'a@acme.example', NULL, '2026-03-01', '2026-01-01'),
                      account('b', 'b@acme.example', NULL, NULL, '2026-02-01')",
        found: Some((AnyUser, "b")),
        first: Some("b"),
    },
    Case {
        rule: "of the same instant by id",
        rows: "SELECT account('b', 'b@acme.example', NULL, '2026-01-01'), account('a', 'a@acme.example', NULL, NULL, '2026-01-01')",
        found: Some((AnyUser, "a")),
        first: Some("a"),
    },
    Case {
        rule: "who neither logged in nor accepted was never there",
        rows: "SELECT account('a', 'a@acme.example'), account('b', 'b@acme.example', 'member')",
        found: None,
        first: None,
    },
];

const LAST: &[Case] = &[
    Case {
        rule: "a superadmin who was never there comes after those who were, by id, and before user_settings",
        rows: "SELECT account('b', 'b@acme.example', 'admin'), account('a', 'a@acme.example', 'admin'), account('c', ' ', NULL, '2026-01-01');
               INSERT INTO user_settings (keycloak_user_id, accepted_tos, email) VALUES ('s', '2025-01-01', 's@acme.example')",
        found: Some((SuperadminWithoutLogin, "a")),
        first: Some("c"),
    },
    Case {
        rule: "an upgraded install whose superadmin has an address only in user_settings",
        rows: "SELECT account('a', NULL, 'admin', '2026-01-01');
               INSERT INTO user_settings (keycloak_user_id, accepted_tos, email) VALUES
                   ('s', '2025-02-01', 's@acme.example'),
                   ('00000000-0000-4000-8000-00000000000a', '2025-01-01', 'a@acme.example')",
        found: Some((UserSettings, "a")),
        first: Some("a"),
    },
    Case {
        rule: "an upgraded install to which nobody has come back",
        rows: "INSERT INTO user_settings (keycloak_user_id, accepted_tos, email) VALUES
                   ('never', NULL, 'never@acme.example'), ('t', '2025-02-01', NULL), ('s', '2025-02-01', 's@acme.example')",
        found: Some((UserSettings, "s")),
        first: Some("t"),
    },
];

const DISABLED: &[Case] = &[
    Case {
        rule: "disabled users of every step count for nothing, with neither their addresses nor their accounts",
        rows: r#"SELECT account('a', 'a@acme.example', 'admin', '2026-01-01'), account('b', 'b@acme.example', NULL, NULL, '2026-01-01'),
                      account('c', 'c@acme.example', NULL, '2026-01-01'), account('d', 'd@acme.example', 'admin');
                 SELECT member('b', 'owner');
                 UPDATE "user" SET is_disabled = true"#,
        found: None,
        first: None,
    },
    Case {
        rule: "where it is not said, a user is not disabled",
        rows: r#"SELECT account('a', 'a@acme.example', 'admin', '2026-01-01'); UPDATE "user" SET is_disabled = NULL"#,
        found: Some((Superadmin, "a")),
        first: Some("a"),
    },
    Case {
        rule: "rows of user_settings of disabled users count for nothing, in whatever case their ids are written",
        rows: r#"SELECT account('a', 'x@acme.example'), account('b', 'y@acme.example'); UPDATE "user" SET is_disabled = true;
                 INSERT INTO user_settings (keycloak_user_id, accepted_tos, email) VALUES
                   ('00000000-0000-4000-8000-00000000000A', '2025-01-01', 'a@acme.example'),
                   ('00000000-0000-4000-8000-00000000000b', '2025-01-02', 'b@acme.example'),
                   ('00000000-0000-4000-8000-00000000000C', '2025-01-03', 'c@acme.example')"#,
        found: Some((UserSettings, "c")),
        first: Some("00000000-0000-4000-8000-00000000000C"),
    },
];

#[tokio::test]
async fn steps_in_their_order_with_all_columns() {
    let ohe = install(Tables::Orgs, "").await;
    for case in [SUPERADMINS, OWNERS, ANY_USERS, LAST, DISABLED].into_iter().flatten() {
        case.check(&ohe).await;
    }
}

#[tokio::test]
async fn steps_in_their_order_where_nobody_can_be_disabled() {
    let ohe = install(Tables::Orgs154, "").await;
    for case in [SUPERADMINS, OWNERS, ANY_USERS, LAST].into_iter().flatten() {
        case.check(&ohe).await;
    }
}

#[tokio::test]
async fn where_logins_are_not_recorded_the_terms_stand_for_them() {
    let ohe = install(Tables::Orgs154, r#"ALTER TABLE "user" DROP COLUMN first_login_at"#).await;
    let insert = |values: &str| {
        format!(
            r#"INSERT INTO "user" (id, email, role_id, accepted_tos)
               SELECT ('00000000-0000-4000-8000-00000000000' || users.name)::uuid, users.name || '@acme.example', role.id,
                      users.tos::timestamp
               FROM (VALUES {values}) AS users (name, role, tos) LEFT JOIN role ON role.name = users.role"#
        )
    };
    for (values, found, first) in [
        (
            "('a', NULL, '2026-01-01'), ('b', 'admin', '2026-02-01'), ('c', 'admin', NULL)",
            Some((Superadmin, "b")),
            Some("b"),
        ),
        ("('a', NULL, '2026-01-01'), ('c', 'admin', NULL)", Some((AnyUser, "a")), Some("a")),
        (
            "('a', NULL, NULL), ('d', 'admin', NULL), ('c', 'admin', NULL)",
            Some((SuperadminWithoutLogin, "c")),
            Some("c"),
        ),
    ] {
        let rows = insert(values).leak();
        Case { rule: values, rows, found, first }.check(&ohe).await;
    }
}

#[tokio::test]
async fn a_step_whose_tables_or_columns_are_missing_does_not_apply() {
    const ROWS: &str = "
        SELECT account('a', 'a@acme.example', 'admin', '2026-03-01', '2026-03-01'); SELECT member('a', 'member');
        SELECT account('b', 'b@acme.example', NULL, '2026-02-01', '2026-02-01'); SELECT member('b', 'owner');
        SELECT account('c', 'c@acme.example', NULL, '2026-01-01', '2026-01-01');
        INSERT INTO user_settings (keycloak_user_id, accepted_tos, email) VALUES ('s', '2025-01-01', 's@acme.example');";
    for (change, found, first) in [
        ("", Some((Superadmin, "a")), Some("a")),
        ("ALTER TABLE role RENAME TO roles", Some((AnyUser, "c")), Some("c")),
        (r#"ALTER TABLE "user" RENAME role_id TO rank"#, Some((DefaultOrgOwner, "b")), Some("b")),
        (
            r#"ALTER TABLE "user" RENAME role_id TO rank; ALTER TABLE org RENAME TO orgs"#,
            Some((AnyUser, "c")),
            Some("c"),
        ),
        (
            r#"ALTER TABLE "user" RENAME role_id TO rank; ALTER TABLE org RENAME is_default TO is_first"#,
            Some((AnyUser, "c")),
            Some("c"),
        ),
        (
            r#"ALTER TABLE "user" RENAME role_id TO rank; ALTER TABLE org_member RENAME TO membership"#,
            Some((AnyUser, "c")),
            Some("c"),
        ),
        (
            r#"ALTER TABLE "user" RENAME role_id TO rank; ALTER TABLE "user" RENAME accepted_tos TO tos"#,
            Some((AnyUser, "c")),
            Some("c"),
        ),
        (
            r#"ALTER TABLE "user" RENAME first_login_at TO login; ALTER TABLE "user" RENAME accepted_tos TO tos"#,
            Some((SuperadminWithoutLogin, "a")),
            Some("a"),
        ),
        (r#"ALTER TABLE "user" RENAME email TO mail"#, Some((UserSettings, "s")), Some("a")),
        (r#"ALTER TABLE "user" RENAME email TO mail; DROP TABLE user_settings"#, None, Some("a")),
        (r#"ALTER TABLE "user" RENAME TO users"#, Some((UserSettings, "s")), Some("s")),
    ] {
        let ohe = install(Tables::Orgs, "").await;
        let rows = format!("{ROWS}{change}").leak();
        Case { rule: change, rows, found, first }.check(&ohe).await;
    }
}
