//! All collectors see the same database, as of the same instant, in UTC.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails where it cannot go on")]

mod ohe;
mod probe;

use collectors::{CollectError, CollectionOptions, Column, Measure, Registry, Snapshot, Source, collect};
use domain::metric::{Metric, MetricDeclaration};
use ohe::{Ohe, int, now};
use probe::{Probe, registry_with};
use sample_data::Tables;
use sqlx::{AssertSqlSafe, PgPool, postgres::PgPoolOptions};
use tokio::sync::OnceCell;

/// Who writes between two collectors.
static WRITER: OnceCell<PgPool> = OnceCell::const_new();

const CONVERSATIONS: Source = Source::of(&["conversation_metadata"]);
const BEFORE: &[Measure] = &[CONVERSATIONS.count(MetricDeclaration::int("before", "rows", "Rows before."))];

/// The number of conversations, and the server process that counted them.
async fn rows_and_backend(snapshot: &mut Snapshot<'_>) -> (i64, i32) {
    sqlx::query_as("SELECT count(*), pg_backend_pid() FROM conversation_metadata")
        .fetch_one(snapshot.connection().await.unwrap())
        .await
        .unwrap()
}

#[tokio::test]
async fn what_is_committed_between_two_collectors_is_not_seen() {
    static BACKEND: OnceCell<i32> = OnceCell::const_new();
    let ohe = Ohe::for_rows_by_hand(Tables::Settings).await;
    ohe.run("INSERT INTO conversation_metadata (created_at) VALUES ({now})").await;
    WRITER.set(ohe.owner().clone()).unwrap();
    let registry = Registry::new([
        Probe::measuring("a_reader", BEFORE).forever(),
        Probe::behaving("b_writer", |snapshot| {
            Box::pin(async {
                let (rows, backend) = rows_and_backend(snapshot).await;
                BACKEND.set(backend).unwrap();
                let insert = "INSERT INTO conversation_metadata (created_at) VALUES ('2025-06-15')";
                sqlx::raw_sql(insert).execute(WRITER.get().unwrap()).await?;
                Ok(vec![Metric::new("probe", rows)])
            })
        })
        .forever(),
        Probe::measuring("c_reader", &[]).forever(),
    ])
    .unwrap();
    let first = collect(&ohe.pool, &registry, &CollectionOptions::at(now())).await.unwrap();
    assert_eq!(first.metrics["before"], int(1));
    assert_eq!(first.metrics["probe"], int(1));

    let registry = registry_with([Probe::behaving("zz_last_of_all", |snapshot| {
        Box::pin(async {
            let before = rows_and_backend(snapshot).await;
            let insert = "INSERT INTO conversation_metadata (created_at) VALUES ('2025-06-15')";
            sqlx::raw_sql(insert).execute(WRITER.get().unwrap()).await?;
            assert_eq!(rows_and_backend(snapshot).await, before);
            Ok(vec![Metric::new("probe", before.0)])
        })
    })]);
    let second = collect(&ohe.pool, &registry, &CollectionOptions::at(now())).await.unwrap();
    assert_eq!(second.metrics["probe"], int(2), "a snapshot of its own for each collection");
    assert_eq!(second.metrics["total_conversations"], int(2));
    assert_eq!(ohe.collect().await.metrics["total_conversations"], int(3), "the rows were there all the time");
}

#[tokio::test]
async fn collectors_share_one_connection() {
    let ohe = Ohe::as_it_is(Tables::Settings).await;
    let registry = registry_with([Probe::behaving("zz_last_of_all", |snapshot| {
        Box::pin(async {
            let ours = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                        AND application_name = 'ohe-telemetry-collectors' AND backend_type = 'client backend'";
            let connections: i64 = sqlx::query_scalar(ours).fetch_one(snapshot.connection().await?).await?;
            Ok(vec![Metric::new("probe", connections)])
        })
    })]);
    let collection = collect(&ohe.pool, &registry, &CollectionOptions::at(now())).await.unwrap();
    assert_eq!(collection.metrics["probe"], int(1));
}

#[tokio::test]
async fn the_time_zone_of_the_session_changes_nothing() {
    for tables in [Tables::Settings, Tables::Orgs] {
        let ohe = Ohe::as_it_is(tables).await;
        let plan = sample_data::Plan::half_a_year(now(), 80, 3_000);
        let plan = sample_data::Plan { seed: 7, tables, ..plan };
        sample_data::generate(ohe.owner(), &plan).await.unwrap();
        let utc = ohe.collect().await.metrics;
        assert_ne!(utc["v1_starts_30d"], int(0));
        for zone in ["America/New_York", "Asia/Tokyo"] {
            let pool = PgPoolOptions::new()
                .after_connect(move |connection, _| {
                    Box::pin(async move {
                        let set = AssertSqlSafe(format!("SET TimeZone = '{zone}'"));
                        sqlx::raw_sql(set).execute(connection).await.map(drop)
                    })
                })
                .connect_lazy_with(ohe.connect_options());
            let there = collect(&pool, &ohe.registry, &CollectionOptions::at(now())).await.unwrap();
            assert_eq!(there.metrics, utc, "{zone}");
            let shown: String = sqlx::query_scalar("SHOW TimeZone").fetch_one(&pool).await.unwrap();
            assert_eq!(shown, zone, "the session is in that zone, before and after");
        }
    }
}

#[tokio::test]
async fn an_instant_finer_than_the_databases_clock_is_cut_to_it() {
    let ohe = Ohe::for_rows_by_hand(Tables::Settings).await;
    ohe.run("INSERT INTO conversation_metadata (created_at) VALUES ({now}), ({now} + interval '1 microsecond')").await;
    let fine = CollectionOptions::at(now() + chrono::TimeDelta::nanoseconds(999));
    let collection = collect(&ohe.pool, &ohe.registry, &fine).await.unwrap();
    assert_eq!(collection.metrics["conversations_in_future"], int(1));
    assert_eq!(collection.metrics["conversations_30d"], int(1));
}

#[tokio::test]
async fn settings_of_the_session_are_untouched_after_a_collection() {
    let ohe = Ohe::as_it_is(Tables::Settings).await;
    let settings = "SELECT string_agg(name || '=' || setting, ',' ORDER BY name) FROM pg_settings
                    WHERE name IN ('TimeZone', 'statement_timeout', 'work_mem', 'jit', 'transaction_read_only')";
    let mut connection = ohe.pool.acquire().await.unwrap();
    let before: String = sqlx::query_scalar(settings).fetch_one(&mut *connection).await.unwrap();
    drop(connection);
    ohe.collect().await;
    let after: String = sqlx::query_scalar(settings).fetch_one(&ohe.pool).await.unwrap();
    assert_eq!(after, before);
}

#[tokio::test]
async fn a_table_that_a_migration_rewrites_meanwhile_is_no_empty_one() {
    static MIGRATION: OnceCell<PgPool> = OnceCell::const_new();
    let ohe = Ohe::for_rows_by_hand(Tables::Orgs).await;
    ohe.run("INSERT INTO repos (is_public) VALUES (true)").await;
    MIGRATION.set(ohe.owner().clone()).unwrap();
    let migrates = Probe::behaving("a_migration", |_| {
        Box::pin(async {
            sqlx::raw_sql("ALTER TABLE repos ALTER id TYPE int8").execute(MIGRATION.get().unwrap()).await?;
            Ok(vec![Metric::new("probe", 1)])
        })
    });
    let reads = Probe { reads: vec![Column::new("repos", "id")], ..migrates };
    let registry = Registry::new([reads.forever()]).unwrap();
    let error = collect(&ohe.pool, &registry, &CollectionOptions::at(now())).await.unwrap_err();
    assert!(matches!(error, CollectError::TablesChanged), "{error}");
    assert_eq!(ohe.collect().await.metrics["repos_known"], int(1), "the next one sees what is there");
}
