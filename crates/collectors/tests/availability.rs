//! What OHE's database lacks, or keeps from us, costs the metrics that need it and no others.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails where it cannot go on")]

mod ohe;

use std::collections::{BTreeMap, BTreeSet};

use collectors::{CollectionOptions, Column, Measure, Registry, collect, connect};
use domain::{collector::CollectorStatus, metric::MetricValue};
use ohe::{Ohe, now};
use sample_data::Plan;
use sqlx::{AssertSqlSafe, PgPool};

const GRANTS: &str = include_str!("../../../docs/grants.sql");

async fn with_sample_data() -> Ohe {
    let ohe = Ohe::as_it_is().await;
    let plan = Plan { seed: 3, tables: sample_data::Tables::Settings, ..Plan::half_a_year(now(), 40, 800) };
    sample_data::generate(ohe.owner(), &plan).await.unwrap();
    ohe
}

/// Every column that is read, and the metrics that need it.
fn needs() -> BTreeMap<Column, BTreeSet<String>> {
    let mut needs = BTreeMap::<_, BTreeSet<_>>::new();
    for collector in Registry::load().unwrap().collectors() {
        for measure in collector.measures() {
            for column in Measure::reads(measure) {
                needs.entry(column).or_default().insert(measure.declaration().key.to_owned());
            }
        }
    }
    needs
}

/// Checks that exactly the metrics in `lost` are gone, that the others are as before, and that each collector that
/// lost some says that `missing` is.
async fn expect_without(
    ohe: &Ohe,
    pool: &PgPool,
    all: &BTreeMap<String, MetricValue>,
    lost: &BTreeSet<String>,
    missing: &str,
) {
    let collection = collect(pool, &ohe.registry, &CollectionOptions::at(now())).await.unwrap();
    let mut expected = all.clone();
    expected.retain(|key, _| !lost.contains(key));
    assert_eq!(collection.metrics, expected, "without {missing}");
    for run in &collection.runs {
        let loses = lost.iter().any(|key| ohe.registry.dictionary().find(key).unwrap().owner == run.collector);
        let expected = if loses {
            CollectorStatus::NotAvailable { missing: vec![missing.to_owned()] }
        } else {
            CollectorStatus::Ok
        };
        assert_eq!(run.status, expected, "{} without {missing}", run.collector);
    }
}

#[tokio::test]
async fn each_missing_column_costs_the_metrics_that_read_it() {
    let ohe = with_sample_data().await;
    let all = ohe.collect().await.metrics;
    for (column, lost) in needs() {
        let Some(name) = column.name else { continue };
        let rename = |from: &str, to: &str| format!("ALTER TABLE {} RENAME {from} TO {to}", column.table);
        ohe.run(&rename(name, "elsewhere")).await;
        expect_without(&ohe, &ohe.pool, &all, &lost, &format!("column {}.{name}", column.table)).await;
        ohe.run(&rename("elsewhere", name)).await;
    }
}

#[tokio::test]
async fn each_missing_table_costs_the_metrics_that_read_it() {
    let ohe = with_sample_data().await;
    let all = ohe.collect().await.metrics;
    let mut tables = BTreeMap::<_, BTreeSet<String>>::new();
    for (column, lost) in needs() {
        tables.entry(column.table).or_default().extend(lost);
    }
    assert_eq!(tables.len(), 23);
    for (table, lost) in tables {
        ohe.run(&format!("ALTER TABLE {table} RENAME TO elsewhere")).await;
        expect_without(&ohe, &ohe.pool, &all, &lost, &format!("table {table}")).await;
        ohe.run(&format!("ALTER TABLE elsewhere RENAME TO {table}")).await;
    }
}

#[tokio::test]
async fn an_empty_database_has_no_metrics_and_no_errors() {
    let ohe = Ohe::without_tables().await;
    let collection = ohe.collect().await;
    assert!(collection.metrics.is_empty());
    assert_eq!(collection.runs.len(), 5);
    for run in collection.runs {
        assert_eq!(run.metric_count, 0);
        assert!(run.status.to_string().starts_with("not available: table "), "{}", run.status);
    }
}

/// The role of the grant script, and a pool that logs in as it.
async fn least_privileged(ohe: &Ohe) -> PgPool {
    // Roles are the server's, which other tests of this process share.
    let role = format!("telemetry_of_{}", ohe.connect_options().get_database().unwrap());
    ohe.run(&format!("CREATE ROLE {role} LOGIN")).await;
    ohe.run(&GRANTS.replace("ohe_telemetry", &role)).await;
    connect(ohe.connect_options().username(&role))
}

#[tokio::test]
async fn the_grant_script_suffices_for_every_metric() {
    let ohe = with_sample_data().await;
    let pool = least_privileged(&ohe).await;
    let theirs = collect(&pool, &ohe.registry, &CollectionOptions::at(now())).await.unwrap();
    assert_eq!(theirs.metrics, ohe.collect().await.metrics);
    assert_eq!(theirs.metrics.len(), 90);
    let administrator = collectors::first_administrator(&pool).await.unwrap();
    assert!(administrator.email.is_some() && administrator.keycloak_user_id.is_some());
}

#[tokio::test]
async fn the_grant_script_gives_no_more_than_is_read() {
    let ohe = Ohe::as_it_is().await;
    let pool = least_privileged(&ohe).await;
    let granted: Vec<(String, String)> = sqlx::query_as(
        "SELECT relname::text, attname::text FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid AND relkind = 'r'
         WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND has_column_privilege(attrelid, attnum, 'SELECT')",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let mut read: BTreeSet<_> = needs().into_keys().collect();
    // What the look-up of an administrator reads.
    read.extend(["id", "accepted_tos", "email", "keycloak_user_id"].map(|name| Column::new("user_settings", name)));
    let read: BTreeSet<_> = read.iter().filter_map(|c| Some((c.table.to_owned(), c.name?.to_owned()))).collect();
    assert_eq!(granted.into_iter().collect::<BTreeSet<_>>(), read);
    let writable: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
         AND has_table_privilege(oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(writable, 0, "OHE's tables are only read");
}

#[tokio::test]
async fn the_grant_script_runs_twice_and_where_tables_or_columns_are_missing() {
    let ohe = Ohe::as_it_is().await;
    ohe.run("DROP TABLE slack_teams; ALTER TABLE repos DROP COLUMN is_public").await;
    let pool = least_privileged(&ohe).await;
    let role = pool.connect_options().get_username().to_owned();
    ohe.run(&GRANTS.replace("ohe_telemetry", &role)).await;
    let collection = collect(&pool, &ohe.registry, &CollectionOptions::at(now())).await.unwrap();
    assert_eq!(collection.metrics.len(), 90 - 2);
    sqlx::raw_sql(AssertSqlSafe("CREATE TABLE of_our_own (id int)")).execute(&pool).await.unwrap();
}

#[tokio::test]
async fn what_may_not_be_read_is_told_from_what_is_not_there() {
    let ohe = with_sample_data().await;
    let pool = least_privileged(&ohe).await;
    let role = pool.connect_options().get_username().to_owned();
    let all = ohe.collect().await.metrics;
    let needs = needs();
    ohe.run(&format!("REVOKE SELECT (llm_model) ON conversation_metadata FROM {role}")).await;
    let lost = &needs[&Column::new("conversation_metadata", "llm_model")];
    expect_without(&ohe, &pool, &all, lost, "column conversation_metadata.llm_model (may not be read)").await;
    ohe.run(&format!(
        "GRANT SELECT (llm_model) ON conversation_metadata TO {role}; REVOKE SELECT (id) ON slack_teams FROM {role}"
    ))
    .await;
    let lost = &needs[&Column::new("slack_teams", "id")];
    expect_without(&ohe, &pool, &all, lost, "table slack_teams (may not be read)").await;
}
