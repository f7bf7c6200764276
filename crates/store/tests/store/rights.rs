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
    let StoreError::MissingRights { statements } = &error else { panic!("{error:?}") };
    assert_eq!(
        statements,
        &[
            r#"ALTER TABLE telemetry_metrics OWNER TO "Owns nothing";"#,
            r#"GRANT SELECT ON telemetry_replicated_identity TO "Owns nothing";"#,
            r#"GRANT USAGE, CREATE ON SCHEMA public TO "Owns nothing";"#,
        ]
    );
    assert!(error.to_string().contains(&statements[0]), "{error}");

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
