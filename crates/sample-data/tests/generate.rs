//! What the generator leaves in a real database.

#![expect(clippy::unwrap_used, reason = "a test that lacks its database cannot go on")]

use chrono::{DateTime, TimeDelta, Utc};
use private_postgres::testing::TestDatabase;
use sample_data::{Plan, Summary, Tables, create_older_telemetry_tables, create_tables, generate};
use sqlx::{AssertSqlSafe, PgPool};

fn until() -> DateTime<Utc> {
    "2025-11-23T14:45:30Z".parse().unwrap()
}

fn plan() -> Plan {
    half_a_year(400, 6000)
}

fn half_a_year(users: u32, conversations: u32) -> Plan {
    Plan { tables: Tables::Settings, ..Plan::half_a_year(until(), users, conversations) }
}

async fn filled(plan: &Plan) -> (TestDatabase, Summary) {
    let database = TestDatabase::empty().await;
    create_tables(database.pool(), Tables::Settings).await.unwrap();
    let summary = generate(database.pool(), plan).await.unwrap();
    (database, summary)
}

/// A checksum of all rows of each table.
async fn checksums(pool: &PgPool) -> Vec<(String, Option<String>)> {
    let tables: Vec<String> =
        sqlx::query_scalar("select tablename::text from pg_tables where schemaname = 'public' order by 1")
            .fetch_all(pool)
            .await
            .unwrap();
    let mut sums = Vec::new();
    for table in tables {
        let sum = format!("select md5(string_agg(row::text, ' ' order by row::text)) from {table} as row");
        let sum = sqlx::query_scalar(AssertSqlSafe(sum)).fetch_one(pool).await.unwrap();
        sums.push((table, sum));
    }
    sums
}

async fn count(pool: &PgPool, condition: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {condition}"))).fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn the_same_plan_makes_the_same_rows_in_every_table() {
    let (first, second) = (filled(&plan()).await, filled(&plan()).await);
    assert_eq!(first.1, second.1);
    let sums = checksums(first.0.pool()).await;
    assert_eq!(sums, checksums(second.0.pool()).await);
    let empty: Vec<_> = sums.iter().filter(|(_, sum)| sum.is_none()).collect();
    assert!(empty.is_empty(), "{empty:?}");
}

#[tokio::test]
async fn another_seed_makes_other_rows() {
    let (first, second) = (filled(&plan()).await, filled(&Plan { seed: 2, ..plan() }).await);
    let differ =
        |name: &str, all: &[(String, Option<String>)]| all.iter().find(|(table, _)| table == name).unwrap().1.clone();
    let (first, second) = (checksums(first.0.pool()).await, checksums(second.0.pool()).await);
    for table in ["user_settings", "conversation_metadata", "openhands_prs", "conversation_work"] {
        assert_ne!(differ(table, &first), differ(table, &second), "{table}");
    }
}

#[tokio::test]
async fn more_conversations_leave_the_users_as_they_were() {
    let (first, second) = (filled(&plan()).await, filled(&Plan { conversations: 7000, ..plan() }).await);
    let users = "select md5(string_agg(row::text, ' ' order by row::text)) from user_settings as row";
    let sum = async |pool: &PgPool| sqlx::query_scalar::<_, String>(users).fetch_one(pool).await.unwrap();
    assert_eq!(sum(first.0.pool()).await, sum(second.0.pool()).await);
}

#[tokio::test]
async fn the_summary_counts_the_rows_that_are_there() {
    let (database, summary) = filled(&plan()).await;
    for (table, rows) in &summary.tables {
        assert_eq!(count(database.pool(), table).await, i64::try_from(*rows).unwrap(), "{table}");
    }
    assert_eq!(summary.tables["conversation_metadata"], 6000);
    assert_eq!(
        count(
            database.pool(),
            "(select distinct keycloak_user_id from user_settings where keycloak_user_id <> '') as ids"
        )
        .await,
        400
    );
}

#[tokio::test]
async fn the_install_grows_and_rests_at_weekends_and_at_night() {
    let (database, _) = filled(&plan()).await;
    let pool = database.pool();
    let month = |days: i64| {
        format!(
            "conversation_metadata where created_at between '{0}'::timestamp and '{0}'::timestamp + interval '30 days'",
            (until() - TimeDelta::days(days)).naive_utc()
        )
    };
    assert!(count(pool, &month(30)).await > 2 * count(pool, &month(182)).await);
    let on =
        |field: &str, value: &str| format!("conversation_metadata where extract({field} from created_at) in ({value})");
    assert!(count(pool, &on("isodow", "6, 7")).await * 4 < count(pool, &on("isodow", "2, 3")).await);
    assert!(count(pool, &on("hour", "2, 3, 4")).await * 5 < count(pool, &on("hour", "14, 15, 16")).await);
}

#[tokio::test]
async fn costs_have_a_long_tail_and_few_users_do_most() {
    let (database, _) = filled(&plan()).await;
    let (median, top): (f64, f64) = sqlx::query_as(
        "select percentile_cont(0.5) within group (order by accumulated_cost), percentile_cont(0.99) within group (order by accumulated_cost)
           from conversation_metadata where accumulated_cost > 0",
    )
    .fetch_one(database.pool())
    .await
    .unwrap();
    assert!((0.2..0.6).contains(&median) && top > 10.0 * median, "{median} {top}");
    let busiest_tenth: i64 = sqlx::query_scalar(
        "select sum(conversations)::bigint from (select count(*) as conversations from conversation_metadata group by user_id order by 1 desc limit 40) as busiest",
    )
    .fetch_one(database.pool())
    .await
    .unwrap();
    assert!(busiest_tenth > 2000, "{busiest_tenth}");
}

#[tokio::test]
async fn both_kinds_of_conversation_are_as_ohe_writes_them() {
    let (database, _) = filled(&plan()).await;
    for never in [
        "conversation_metadata where conversation_version = 'V0' and (llm_model is not null or sandbox_id is not null or conversation_id like '%-%')",
        "conversation_metadata where conversation_version = 'V1' and (accumulated_cost > 0 or total_tokens > 0 or llm_model is null or conversation_id not like '%-%')",
        "conversation_work join conversation_metadata using (conversation_id) where conversation_version = 'V1'",
        "conversation_metadata where parent_conversation_id is not null and conversation_version = 'V0'",
        "conversation_metadata where last_updated_at < created_at",
        "app_conversation_start_task where status = 'READY' and updated_at < created_at",
    ] {
        assert_eq!(count(database.pool(), never).await, 0, "{never}");
    }
}

#[tokio::test]
async fn the_oddities_of_real_rows_are_there() {
    let (database, _) = filled(&plan()).await;
    let now = until().naive_utc();
    for odd in [
        "(select keycloak_user_id from user_settings where keycloak_user_id <> '' group by 1 having count(*) > 1) as twice",
        "user_settings where keycloak_user_id is null",
        "user_settings where keycloak_user_id = ''",
        "user_settings where accepted_tos is null",
        "user_settings where email = ''",
        &format!("user_settings where accepted_tos > '{now}'"),
        "auth_tokens where identity_provider not in ('github', 'gitlab', 'bitbucket', 'enterprise_sso')",
        "api_keys where name = 'MCP_API_KEY'",
        "api_keys where name is null",
        "api_keys where last_used_at is null",
        &format!("conversation_metadata where created_at > '{now}'"),
        "conversation_metadata where user_id = ''",
        "conversation_metadata where user_id is null and github_user_id is not null",
        "conversation_metadata where trigger = 'azure_devops'",
        "conversation_metadata where trigger is null and conversation_version = 'V0'",
        "conversation_metadata where git_provider = 'forgejo'",
        "conversation_metadata where git_provider is null and selected_repository is not null",
        "conversation_metadata where conversation_version not in ('V0', 'V1')",
        "conversation_metadata where pr_number is null",
        "conversation_metadata where pr_number::text = 'null'",
        "conversation_metadata where pr_number::text = '[]'",
        "conversation_metadata where pr_number::text like '[%,%]'",
        "conversation_metadata where accumulated_cost is null",
        "conversation_metadata where parent_conversation_id is not null",
        "conversation_feedback where rating not between 1 and 5",
        "conversation_feedback where conversation_id not in (select conversation_id from conversation_metadata)",
        "conversation_work where conversation_id not in (select conversation_id from conversation_metadata)",
        "conversation_callbacks where status = 'ERROR'",
        "app_conversation_start_task where status not in ('READY', 'ERROR')",
        "app_conversation_start_task where status = 'READY' and updated_at is null",
        "maintenance_tasks where status = 'WORKING'",
        "openhands_prs where openhands_helped_author is null",
    ] {
        assert!(count(database.pool(), odd).await > 0, "{odd}");
    }
}

#[tokio::test]
async fn everything_but_the_odd_rows_lies_in_the_days_of_the_plan() {
    let (database, _) = filled(&plan()).await;
    let (start, end) = ((until() - TimeDelta::days(182)).naive_utc(), until().naive_utc());
    let outside = format!("not between '{start}' and '{end}'");
    assert_eq!(
        count(
            database.pool(),
            &format!("conversation_metadata where created_at {outside} or last_updated_at {outside}")
        )
        .await,
        1
    );
    assert_eq!(count(database.pool(), &format!("user_settings where accepted_tos {outside}")).await, 1);
    let at_the_end = format!("conversation_metadata where created_at = '{end}'");
    assert!(count(database.pool(), &at_the_end).await <= 1);
}

#[tokio::test]
async fn only_the_user_with_the_earliest_terms_of_service_has_an_address_and_only_if_asked_for() {
    let (with, _) = filled(&plan()).await;
    let (without, _) = filled(&Plan { admin_email: false, ..plan() }).await;
    let first = "(select email from user_settings where accepted_tos is not null order by accepted_tos, id limit 1) as first where email = 'admin@acme.example'";
    assert_eq!(count(with.pool(), first).await, 1);
    assert_eq!(count(with.pool(), "user_settings where email <> ''").await, 1);
    assert_eq!(count(without.pool(), "user_settings where email <> ''").await, 0);
}

#[tokio::test]
async fn nobody_and_nothing_can_be_asked_for() {
    let (database, summary) = filled(&half_a_year(0, 0)).await;
    assert_eq!(summary.rows(), 0);
    let (_, conversations_alone) = filled(&half_a_year(0, 50)).await;
    assert_eq!(conversations_alone.tables["conversation_metadata"], 50);
    let (_, one_user) = filled(&half_a_year(1, 1)).await;
    assert_eq!(one_user.tables["user_settings"], 1);
    let version: String =
        sqlx::query_scalar("select version_num from alembic_version").fetch_one(database.pool()).await.unwrap();
    assert_eq!(version, "081");
}

#[tokio::test]
async fn a_failed_run_leaves_no_row() {
    let (database, _) = filled(&plan()).await;
    let before = checksums(database.pool()).await;
    generate(database.pool(), &plan()).await.unwrap_err();
    assert_eq!(checksums(database.pool()).await, before);
}

#[tokio::test]
async fn the_older_telemetry_tables_stand_beside_ohe_s_own() {
    let database = TestDatabase::empty().await;
    create_tables(database.pool(), Tables::Settings).await.unwrap();
    create_older_telemetry_tables(database.pool()).await.unwrap();
    let types: Vec<String> = sqlx::query_scalar(
        "select data_type::text from information_schema.columns where table_name = 'telemetry_metrics' and column_name in ('id', 'metrics_data') order by 1",
    )
    .fetch_all(database.pool())
    .await
    .unwrap();
    assert_eq!(types, ["character varying", "json"]);
    let second_row =
        sqlx::raw_sql("insert into telemetry_replicated_identity (id) values (2)").execute(database.pool()).await;
    assert!(second_row.unwrap_err().to_string().contains("check constraint"));
}
