//! The tables of each generation, in a real database.

#![expect(clippy::unwrap_used, reason = "a test that lacks its database cannot go on")]

use private_postgres::testing::TestDatabase;
use sample_data::{Tables, create_older_telemetry_tables, create_tables};
use sqlx::{AssertSqlSafe, PgPool};

async fn columns(pool: &PgPool, condition: &str) -> Vec<String> {
    let query = format!(
        "select table_name || '.' || column_name from information_schema.columns
         where table_schema = 'public' and {condition} order by 1"
    );
    sqlx::query_scalar(AssertSqlSafe(query)).fetch_all(pool).await.unwrap()
}

async fn created(tables: Tables) -> TestDatabase {
    let database = TestDatabase::empty().await;
    create_tables(database.pool(), tables).await.unwrap();
    database
}

#[tokio::test]
async fn release_154_has_none_of_the_columns_that_came_later() {
    let (release, newest) = (created(Tables::Orgs154).await, created(Tables::Orgs).await);
    let (release, newest) = (columns(release.pool(), "true").await, columns(newest.pool(), "true").await);
    assert!(release.iter().all(|column| newest.contains(column)));
    let later: Vec<_> = newest.iter().filter(|column| !release.contains(column)).map(String::as_str).collect();
    for column in [
        "conversation_metadata.deleted_at",
        "app_conversation_start_task.deleted_at",
        "custom_secrets.is_org_shared",
        "org_budget_settings.control_mode",
        "slack_users.team_id",
        "user.is_disabled",
        "user.deletion_pending",
        "user.enable_memory_context",
        "maintenance_tasks.claim_run_id",
        "feature_flags.key",
    ] {
        assert!(later.contains(&column), "{column} is not among {later:?}");
    }
    assert_eq!(later.len(), 27, "{later:?}");
}

#[tokio::test]
async fn tokens_have_32_bits_until_revision_172() {
    let (release, newest) = (created(Tables::Orgs154).await, created(Tables::Orgs).await);
    let wide = "data_type = 'bigint' and table_name like 'conversation%'";
    assert_eq!(columns(release.pool(), wide).await, [""; 0]);
    assert_eq!(columns(newest.pool(), wide).await.len(), 10);
}

#[tokio::test]
async fn each_generation_says_its_revision_and_takes_the_older_telemetry_tables() {
    for (tables, revision) in [(Tables::Settings, "081"), (Tables::Orgs154, "152"), (Tables::Orgs, "173")] {
        let database = created(tables).await;
        create_older_telemetry_tables(database.pool()).await.unwrap();
        let found: String =
            sqlx::query_scalar("select version_num from alembic_version").fetch_one(database.pool()).await.unwrap();
        assert_eq!(found, revision);
        let users = columns(database.pool(), "column_name = 'current_org_id'").await;
        assert_eq!(users.is_empty(), tables == Tables::Settings, "{users:?}");
    }
}
