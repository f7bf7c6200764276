//! Migration by a role that is no superuser.

use private_postgres::testing::TestDatabase;
use sqlx::postgres::PgPoolOptions;
use store::{Store, StoreError};

use crate::samples::at;

/// A store whose connections act as `role`.
async fn store_of(database: &TestDatabase, role: &'static str) -> Store {
    let options = database.connect_options().options([("role", role)]);
    Store::new(PgPoolOptions::new().max_connections(3).connect_with(options).await.unwrap())
}

/// Roles are the server's, and all tests share it: each test names its own.
async fn database_with(sql: &'static str) -> TestDatabase {
    let database = TestDatabase::empty().await;
    let name = database.name();
    let revoke = format!("REVOKE CREATE ON SCHEMA public FROM PUBLIC; REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC");
    sqlx::raw_sql(sqlx::AssertSqlSafe(revoke)).execute(database.pool()).await.unwrap();
    sqlx::raw_sql(include_str!("older_tables.sql")).execute(database.pool()).await.unwrap();
    sqlx::raw_sql(sql).execute(database.pool()).await.unwrap();
    database
}

#[tokio::test]
async fn the_owner_of_the_tables_needs_to_be_no_superuser() {
    let database = database_with(
        "CREATE ROLE owns_tables;
         GRANT CREATE ON SCHEMA public TO owns_tables;
         ALTER TABLE telemetry_metrics OWNER TO owns_tables;
         ALTER TABLE telemetry_replicated_identity OWNER TO owns_tables;
         INSERT INTO telemetry_metrics (id, metrics_data) VALUES ('odd', '[]');",
    )
    .await;
    let store = store_of(&database, "owns_tables").await;
    store.migrate().await.unwrap();
    assert_eq!(store.facts(at("2025-11-30T00:00:00Z")).await.unwrap().set_aside, 1);
}

#[tokio::test]
async fn missing_rights_are_answered_with_the_statements_that_give_them() {
    let database = database_with("CREATE ROLE \"Owns nothing\";").await;
    let store = store_of(&database, "Owns nothing").await;
    let error = store.migrate().await.unwrap_err();
    let StoreError::MissingRights { role, statements } = &error else { panic!("{error:?}") };
    assert_eq!(role, "Owns nothing");
    assert_eq!(
        statements,
        &[
            r#"ALTER TABLE telemetry_metrics OWNER TO "Owns nothing";"#,
            r#"GRANT SELECT ON telemetry_replicated_identity TO "Owns nothing";"#,
            r#"GRANT USAGE, CREATE ON SCHEMA public TO "Owns nothing";"#,
        ]
    );
    let text = error.to_string();
    assert!(text.contains(&statements[0]), "{text}");
    assert!(text.contains("`ohe-telemetry migrate --grant-to Owns nothing` as the owner of OHE's database"), "{text}");

    for statement in statements.clone() {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(database.pool()).await.unwrap();
    }
    store.migrate().await.unwrap();
}

#[tokio::test]
async fn a_role_that_may_only_read_and_write_rows_finds_migrated_tables_in_order() {
    let database = database_with("CREATE ROLE reads_and_writes;").await;
    Store::new(database.pool().clone()).migrate().await.unwrap();
    sqlx::raw_sql("GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO reads_and_writes")
        .execute(database.pool())
        .await
        .unwrap();
    let store = store_of(&database, "reads_and_writes").await;
    assert_eq!(store.migrate().await.unwrap(), Vec::<i64>::new());
    store.identity().await.unwrap();
}

#[tokio::test]
async fn a_role_is_given_what_the_service_does_with_each_table_and_nothing_to_create() {
    let database = database_with("CREATE ROLE given_rights; REVOKE USAGE ON SCHEMA public FROM PUBLIC;").await;
    let (owner, service) = (Store::new(database.pool().clone()), store_of(&database, "given_rights").await);
    owner.migrate().await.unwrap();
    let error = service.require_rights().await.unwrap_err();
    assert!(matches!(&error, StoreError::MissingRights { role, .. } if role == "given_rights"), "{error:?}");
    let given = owner.grant_to("given_rights").await.unwrap();
    assert!(given.contains(&"GRANT USAGE ON SCHEMA public TO given_rights;".to_owned()), "{given:?}");
    service.require_rights().await.unwrap();
    service.require_current().await.unwrap();
    assert_eq!(owner.grant_to("given_rights").await.unwrap(), [""; 0], "a second time there is nothing to give");

    let forbidden: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class
         WHERE relname LIKE 'telemetry%' AND relkind = 'r' AND relname <> 'telemetry_replicated_identity'
            AND NOT has_table_privilege('given_rights', oid, 'SELECT')
         UNION ALL SELECT 'may create' WHERE has_schema_privilege('given_rights', 'public', 'CREATE')
            OR has_database_privilege('given_rights', current_database(), 'CREATE')",
    )
    .fetch_all(database.pool())
    .await
    .unwrap();
    assert_eq!(forbidden, [""; 0], "each table of ours has its line among the rights");
    let update = sqlx::query("UPDATE telemetry_schema_migrations SET success = true").execute(service.pool()).await;
    assert!(matches!(StoreError::from(update.unwrap_err()), StoreError::Forbidden(_)));
}

#[tokio::test]
async fn a_role_that_is_not_there_is_said_so() {
    let (_database, owner) = crate::samples::migrated().await;
    let error = owner.grant_to("nobody \"knows\" it").await.unwrap_err();
    assert!(error.to_string().contains("no role `nobody \"knows\" it`; create it first"), "{error}");
}

#[tokio::test]
async fn a_ledger_that_may_not_be_read_is_answered_with_the_command_that_helps() {
    let database = database_with("CREATE ROLE reads_nothing;").await;
    Store::new(database.pool().clone()).migrate().await.unwrap();
    let error = store_of(&database, "reads_nothing").await.schema_state().await.unwrap_err().to_string();
    assert!(error.contains("run `ohe-telemetry migrate --grant-to reads_nothing`"), "{error}");
}

#[tokio::test]
async fn tables_that_are_missing_or_edited_are_refused_without_a_change() {
    let database = TestDatabase::empty().await;
    let store = Store::new(database.pool().clone());
    let error = store.require_current().await.unwrap_err();
    assert!(error.to_string().contains("run `ohe-telemetry migrate`"), "{error}");
    assert!(!store.schema_state().await.unwrap().is_current(), "nothing was made");
    store.migrate().await.unwrap();
    store.require_current().await.unwrap();
    sqlx::query("DELETE FROM telemetry_schema_migrations WHERE version = (SELECT max(version) FROM telemetry_schema_migrations)")
        .execute(database.pool())
        .await
        .unwrap();
    assert!(matches!(store.require_current().await.unwrap_err(), StoreError::NotMigrated(_)));
    sqlx::query("UPDATE telemetry_schema_migrations SET checksum = '\\x00'").execute(database.pool()).await.unwrap();
    assert!(matches!(store.require_current().await.unwrap_err(), StoreError::Migration(_)));
}
