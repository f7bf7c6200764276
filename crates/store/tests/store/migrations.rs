//! The three starting points; twice; and by many at once.

use futures::future::join_all;
use private_postgres::testing::TestDatabase;
use serde_json::{Value, json};
use sqlx::PgPool;
use store::{BatchState, Store};
use uuid::Uuid;

use crate::samples::{another, at, collected, migrated};

const OLDER_TABLES: &str = include_str!("older_tables.sql");

async fn database_with(sql: &'static str) -> (TestDatabase, Store) {
    let database = TestDatabase::empty().await;
    sqlx::raw_sql(sql).execute(database.pool()).await.unwrap();
    let store = Store::new(database.pool().clone());
    (database, store)
}

/// Columns (with types, nullability and defaults), constraints, indexes and triggers of all tables of ours.
async fn schema(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default)
         FROM information_schema.columns WHERE table_name LIKE 'telemetry%' AND table_name <> 'telemetry_replicated_identity'
         UNION ALL
         SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
         WHERE conrelid::regclass::text LIKE 'telemetry%'
            AND conrelid IS DISTINCT FROM to_regclass('telemetry_replicated_identity')
         UNION ALL
         SELECT indexdef FROM pg_indexes
         WHERE tablename LIKE 'telemetry%' AND tablename <> 'telemetry_replicated_identity'
         UNION ALL
         SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
         ORDER BY 1",
    )
    .fetch_all(pool)
    .await
    .unwrap()
}

/// Every row of every table of ours, the ledger included.
async fn rows(pool: &PgPool) -> Vec<Value> {
    sqlx::query_scalar(
        "SELECT to_jsonb(r) FROM telemetry_metrics r
         UNION ALL SELECT to_jsonb(r) FROM telemetry_identity r
         UNION ALL SELECT to_jsonb(r) FROM telemetry_schema_migrations r
         ORDER BY 1",
    )
    .fetch_all(pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn an_empty_database_gets_the_tables_of_the_contract() {
    let (database, store) = migrated().await;
    let schema = schema(database.pool()).await;
    for expected in [
        "telemetry_metrics id uuid NO gen_random_uuid()",
        "telemetry_metrics collected_at timestamp with time zone NO now()",
        "telemetry_metrics metrics_data jsonb NO",
        "telemetry_metrics uploaded_at timestamp with time zone YES",
        "telemetry_metrics upload_attempts integer NO 0",
        "telemetry_metrics last_upload_error text YES",
        "telemetry_metrics created_at timestamp with time zone NO now()",
        "telemetry_metrics updated_at timestamp with time zone NO now()",
        "CREATE INDEX ix_telemetry_metrics_collected_at ON public.telemetry_metrics USING btree (collected_at)",
        "CREATE INDEX ix_telemetry_metrics_uploaded_at ON public.telemetry_metrics USING btree (uploaded_at)",
        "telemetry_identity id integer NO 1",
        "telemetry_identity single_identity_row CHECK ((id = 1))",
        "telemetry_identity customer_id character varying YES",
        "telemetry_identity instance_id character varying YES",
        "telemetry_identity created_at timestamp with time zone NO now()",
        "telemetry_identity updated_at timestamp with time zone NO now()",
    ] {
        assert!(schema.iter().any(|line| line == expected), "{expected}\nnot in\n{}", schema.join("\n"));
    }
    assert!(store.schema_state().await.unwrap().is_current());
}

#[tokio::test]
async fn all_starting_points_end_in_the_same_schema() {
    let (empty, _) = migrated().await;
    let expected = schema(empty.pool()).await;
    for before in [
        "CREATE TABLE user_settings (id serial PRIMARY KEY, email text); CREATE TABLE alembic_version (version_num text)",
        OLDER_TABLES,
    ] {
        let (database, store) = database_with(before).await;
        store.migrate().await.unwrap();
        assert_eq!(schema(database.pool()).await, expected, "from {before}");
    }
}

#[tokio::test]
async fn older_rows_are_converted_and_the_identity_is_copied() {
    let (database, store) = database_with(OLDER_TABLES).await;
    sqlx::raw_sql(
        r#"INSERT INTO telemetry_metrics VALUES
            ('0b9f2d6e-5d3c-4c1f-9d4b-0c5f6f0a1b2c', '2025-10-05 02:00:01.5Z', '{"total_users": 7, "total_users": 8, "cost": 1.50}',
             '2025-10-05 03:00:00Z', 2, NULL, '2025-10-05 02:00:02Z', '2025-10-05 03:00:01Z'),
            ('AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE', '2025-10-12 02:00:00Z', '{"a": 1}', NULL, 1, 'no route', now(), now());
           INSERT INTO telemetry_replicated_identity VALUES (1, 'cust_old', NULL, '2025-10-01Z', '2025-10-02Z');"#,
    )
    .execute(database.pool())
    .await
    .unwrap();
    store.migrate().await.unwrap();

    let delivered = store.find_batch("0b9f2d6e-5d3c-4c1f-9d4b-0c5f6f0a1b2c".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(
        Value::Object(delivered.metrics),
        json!({"total_users": 8, "cost": 1.5}),
        "the last of two equal keys counts"
    );
    assert_eq!(delivered.summary.collected_at, at("2025-10-05T02:00:01.5Z"));
    assert_eq!(delivered.summary.uploaded_at, Some(at("2025-10-05T03:00:00Z")));
    assert_eq!(delivered.summary.upload_attempts, 2);
    assert_eq!(delivered.summary.updated_at, at("2025-10-05T03:00:01Z"), "a conversion is no change of the row");
    let pending = store.pending_batches(None, 9).await.unwrap();
    assert_eq!(pending.len(), 1);
    assert_eq!(pending[0].id, "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee".parse::<Uuid>().unwrap());

    let identity = store.identity().await.unwrap();
    assert_eq!((identity.customer_id.as_deref(), identity.instance_id), (Some("cust_old"), None));
    assert!(is_cluster_id(&identity.cluster_id), "{}", identity.cluster_id);
    let older: i64 = sqlx::query_scalar("SELECT count(*) FROM telemetry_replicated_identity")
        .fetch_one(database.pool())
        .await
        .unwrap();
    assert_eq!(older, 1, "OHE's own migrations may look at it");
}

#[tokio::test]
async fn batches_without_a_metric_are_set_aside_unless_they_were_delivered() {
    let (database, store) = database_with(OLDER_TABLES).await;
    sqlx::raw_sql(
        r#"INSERT INTO telemetry_metrics (id, collected_at, metrics_data, uploaded_at, last_upload_error) VALUES
            (gen_random_uuid()::text, '2025-01-01Z', '{}', NULL, 'HTTP 400'),
            (gen_random_uuid()::text, '2025-01-02Z', ' { } ', NULL, NULL),
            (gen_random_uuid()::text, '2025-01-03Z', '{}', '2025-01-03Z', NULL),
            (gen_random_uuid()::text, '2025-01-04Z', '{"a": 0}', NULL, NULL)"#,
    )
    .execute(database.pool())
    .await
    .unwrap();
    store.migrate().await.unwrap();
    let batches = store.list_batches(None, 0, 9).await.unwrap();
    let states = batches.iter().rev().map(store::BatchSummary::state).collect::<Vec<_>>();
    assert_eq!(states, [BatchState::SetAside, BatchState::SetAside, BatchState::Delivered, BatchState::Pending]);
    let reason = Some("cannot be delivered: the collection yielded no metric");
    assert_eq!((batches[3].last_upload_error.as_deref(), batches[1].last_upload_error.as_deref()), (reason, None));
    let overdue_since = store.facts(at("2025-11-30T00:00:00Z")).await.unwrap().overdue_since;
    assert_eq!(overdue_since, Some(at("2025-01-04T00:00:00Z")), "no license clock runs on them");
}

#[tokio::test]
async fn an_identity_of_ours_is_not_replaced_by_the_older_one() {
    let (database, store) = database_with(OLDER_TABLES).await;
    sqlx::raw_sql(
        "CREATE TABLE telemetry_identity (LIKE telemetry_replicated_identity INCLUDING ALL);
         INSERT INTO telemetry_identity (customer_id, instance_id) VALUES ('cust_ours', 'inst_ours');
         INSERT INTO telemetry_replicated_identity (customer_id) VALUES ('cust_old');",
    )
    .execute(database.pool())
    .await
    .unwrap();
    store.migrate().await.unwrap();
    let identity = store.identity().await.unwrap();
    assert_eq!(identity.customer_id.as_deref(), Some("cust_ours"));
    assert_eq!(identity.instance_id.as_deref(), Some("inst_ours"));
    assert!(is_cluster_id(&identity.cluster_id));
}

fn is_cluster_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// `legacy_id`, `metrics_data`, `legacy_metrics_data`, is it set aside, `last_upload_error`.
type OddRow = (Option<String>, Value, Option<String>, bool, Option<String>);

#[tokio::test]
async fn odd_older_rows_are_kept_with_what_the_new_types_cannot_hold() {
    let (database, store) = database_with(OLDER_TABLES).await;
    sqlx::raw_sql(
        r#"INSERT INTO telemetry_metrics (id, collected_at, metrics_data, uploaded_at) VALUES
            ('batch-1', '2025-01-01Z', '{"a": 1}', NULL),
            ('aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee', '2025-01-02Z', '{"a": 2}', NULL),
            ('AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE', '2025-01-03Z', '{"a": 3}', NULL),
            ('00000000-0000-0000-0000-000000000004', '2025-01-04Z', '{"a": "\u0000"}', NULL),
            ('00000000-0000-0000-0000-000000000005', '2025-01-05Z', '{"a": "\ud800"}', '2025-01-06Z'),
            ('00000000-0000-0000-0000-000000000006', '2025-01-06Z', '{"a": {"b": [1e400]}}', NULL),
            ('00000000-0000-0000-0000-000000000007', '2025-01-07Z', '[1, 2]', NULL),
            ('00000000-0000-0000-0000-000000000008', '2025-01-08Z', 'null', NULL)"#,
    )
    .execute(database.pool())
    .await
    .unwrap();
    store.migrate().await.unwrap();

    let rows: Vec<OddRow> = sqlx::query_as(
        "SELECT legacy_id, metrics_data, legacy_metrics_data, set_aside_at IS NOT NULL, last_upload_error
         FROM telemetry_metrics ORDER BY collected_at",
    )
    .fetch_all(database.pool())
    .await
    .unwrap();
    let legacy_ids: Vec<_> = rows.iter().map(|row| row.0.as_deref()).collect();
    let repeated = Some("AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE");
    assert_eq!(legacy_ids, [Some("batch-1"), None, repeated, None, None, None, None, None]);
    let kept: Vec<_> = rows.iter().map(|row| (row.1.to_string(), row.2.as_deref(), row.3)).collect();
    assert_eq!(
        kept,
        [
            (r#"{"a":1}"#.to_owned(), None, false),
            (r#"{"a":2}"#.to_owned(), None, false),
            (r#"{"a":3}"#.to_owned(), None, false),
            ("{}".to_owned(), Some(r#"{"a": "\u0000"}"#), true),
            ("{}".to_owned(), Some(r#"{"a": "\ud800"}"#), false),
            ("{}".to_owned(), Some(r#"{"a": {"b": [1e400]}}"#), true),
            ("{}".to_owned(), Some("[1, 2]"), true),
            ("{}".to_owned(), Some("null"), true),
        ]
    );
    assert_eq!(rows[6].4.as_deref(), Some("cannot be delivered: metrics are not an object; see legacy_metrics_data"));
    assert_eq!(rows[4].4, None, "what was delivered has no error");
    assert_eq!(store.pending_batches(None, 99).await.unwrap().len(), 3);
    assert_eq!(store.list_batches(Some(BatchState::SetAside), 0, 99).await.unwrap().len(), 4);
}

#[tokio::test]
async fn a_second_run_changes_nothing() {
    for before in ["", OLDER_TABLES] {
        let (database, store) = database_with(before).await;
        assert_eq!(store.migrate().await.unwrap().len(), store.schema_state().await.unwrap().applied.len());
        collected(&store, "2025-11-09T02:00:00Z").await;
        store.identity().await.unwrap();
        let (schema_then, rows_then) = (schema(database.pool()).await, rows(database.pool()).await);
        assert_eq!(store.migrate().await.unwrap(), Vec::<i64>::new());
        assert_eq!(schema(database.pool()).await, schema_then);
        assert_eq!(rows(database.pool()).await, rows_then);
    }
}

#[tokio::test]
async fn of_many_that_migrate_at_once_each_version_is_run_by_one() {
    let (database, _) = database_with(OLDER_TABLES).await;
    sqlx::query("INSERT INTO telemetry_metrics (id, metrics_data) SELECT gen_random_uuid()::text, '{}' FROM generate_series(1, 500)")
        .execute(database.pool())
        .await
        .unwrap();
    let stores: Vec<Store> = (0..6).map(|_| another(&database)).collect();
    let applied = join_all(stores.iter().map(Store::migrate)).await;
    let mut versions: Vec<i64> = applied.into_iter().flat_map(Result::unwrap).collect();
    versions.sort_unstable();
    assert_eq!(versions, stores[0].schema_state().await.unwrap().applied);
    let count: i64 =
        sqlx::query_scalar("SELECT count(*) FROM telemetry_metrics").fetch_one(database.pool()).await.unwrap();
    assert_eq!(count, 500);
}

#[tokio::test]
async fn a_failed_migration_leaves_nothing_behind_and_can_be_run_again() {
    let (database, store) = database_with(OLDER_TABLES).await;
    sqlx::query("CREATE VIEW in_the_way AS SELECT id FROM telemetry_metrics").execute(database.pool()).await.unwrap();
    let error = store.migrate().await.unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(matches!(error, store::StoreError::Migration(_)), "{error:?}");
    assert!(cause.contains("used by a view"), "{cause}");
    let id_type: String = sqlx::query_scalar(
        "SELECT data_type FROM information_schema.columns WHERE table_name = 'telemetry_metrics' AND column_name = 'id'",
    )
    .fetch_one(database.pool())
    .await
    .unwrap();
    assert_eq!(id_type, "character varying");
    sqlx::query("DROP VIEW in_the_way").execute(database.pool()).await.unwrap();
    another(&database).migrate().await.unwrap();
    assert!(store.schema_state().await.unwrap().is_current());
}

#[tokio::test]
async fn a_newer_database_is_accepted_and_an_edited_migration_is_not() {
    let (database, store) = migrated().await;
    let newer = "INSERT INTO telemetry_schema_migrations VALUES (29990101000000, 'later', now(), true, '\\x00', 1)";
    sqlx::query(newer).execute(database.pool()).await.unwrap();
    assert_eq!(store.migrate().await.unwrap(), Vec::<i64>::new());
    assert_eq!(store.schema_state().await.unwrap().newer, [29_990_101_000_000]);

    sqlx::query("UPDATE telemetry_schema_migrations SET checksum = '\\x00'").execute(database.pool()).await.unwrap();
    assert!(!store.schema_state().await.unwrap().is_current());
    assert!(matches!(store.migrate().await.unwrap_err(), store::StoreError::Migration(_)));
}

#[tokio::test]
async fn updated_at_moves_with_every_change_and_only_then() {
    let (database, store) = migrated().await;
    let id = collected(&store, "2025-11-09T02:00:00Z").await;
    let before = store.find_batch(id).await.unwrap().unwrap().summary;
    let change = |sql: &'static str| sqlx::query(sql).bind(id).execute(database.pool());
    change("UPDATE telemetry_metrics SET upload_attempts = upload_attempts WHERE id = $1").await.unwrap();
    assert_eq!(store.find_batch(id).await.unwrap().unwrap().summary, before, "nothing changed");
    change("UPDATE telemetry_metrics SET upload_attempts = 3, updated_at = '2000-01-01Z' WHERE id = $1").await.unwrap();
    let after = store.find_batch(id).await.unwrap().unwrap().summary;
    assert!(after.updated_at > before.updated_at, "{after:?}");
    assert_eq!(after.created_at, before.created_at);

    store.identity().await.unwrap();
    sqlx::query("UPDATE telemetry_identity SET customer_id = 'cust_1'").execute(database.pool()).await.unwrap();
    let moved: bool = sqlx::query_scalar("SELECT updated_at > created_at FROM telemetry_identity")
        .fetch_one(database.pool())
        .await
        .unwrap();
    assert!(moved);
}

/// Before the migration that numbers the attempts.
const NOT_NUMBERED: &str = "
    ALTER TABLE telemetry_delivery_attempts DROP COLUMN number, DROP COLUMN body_sha256;
    DROP INDEX ix_telemetry_metrics_delivered;
    DELETE FROM telemetry_schema_migrations WHERE version = 20261124100040;";

#[tokio::test]
async fn attempts_that_are_there_already_are_numbered_by_their_times_and_older_programs_go_on_recording() {
    let (database, store) = migrated().await;
    let expected = schema(database.pool()).await;
    sqlx::raw_sql(NOT_NUMBERED).execute(database.pool()).await.unwrap();
    let record = "INSERT INTO telemetry_delivery_attempts (id, call, started_at, duration_ms, outcome)
        SELECT gen_random_uuid(), 'check_in', time::timestamptz, 1, 'delivered' FROM unnest($1::text[]) AS time";
    let record = async |times: &[&str]| sqlx::query(record).bind(times).execute(database.pool()).await.unwrap();
    record(&["2025-11-03Z", "2025-11-01Z", "2025-11-02Z"]).await;
    store.migrate().await.unwrap();
    assert_eq!(schema(database.pool()).await, expected);
    record(&["2025-11-04Z"]).await;
    let days: Vec<i32> = sqlx::query_scalar(
        "SELECT extract(day FROM started_at AT TIME ZONE 'UTC')::int FROM telemetry_delivery_attempts ORDER BY number",
    )
    .fetch_all(database.pool())
    .await
    .unwrap();
    assert_eq!(days, [1, 2, 3, 4]);
}
