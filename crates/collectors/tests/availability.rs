//! What OHE's database lacks, or keeps from us, costs the metrics that need it and no others.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails where it cannot go on")]

mod ohe;

use std::collections::{BTreeMap, BTreeSet};

use collectors::{Collection, CollectionOptions, Column, Registry, collect, connect};
use domain::{metric::MetricValue, ohe::Generation};
use ohe::{Ohe, now};
use sample_data::{History, Plan, Tables};
use sqlx::PgPool;

const GRANTS: &str = include_str!("../../../docs/grants.sql");
const NOT_RECORDED: &str = "This release of OHE does not record this.";
const NOT_READABLE: &str = "The service may not read this; run grants.sql again.";
const BOTH: [(Tables, Generation); 2] = [(Tables::Settings, Generation::Settings), (Tables::Orgs, Generation::Orgs)];

/// An upgraded install where there is such a thing: it has rows in the tables that nobody writes any more, too.
async fn with_sample_data(tables: Tables) -> Ohe {
    let ohe = Ohe::as_it_is(tables).await;
    let plan = Plan { seed: 3, tables, history: History::Upgraded, ..Plan::half_a_year(now(), 40, 800) };
    sample_data::generate(ohe.owner(), &plan).await.unwrap();
    ohe
}

/// Every column that exists and is read in a generation, and the metrics that read it.
async fn existing_readers(ohe: &Ohe, generation: Generation) -> BTreeMap<Column, BTreeSet<String>> {
    let existing: Vec<(String, String)> = sqlx::query_as(
        "SELECT relname::text, attname::text FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
         WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0",
    )
    .fetch_all(ohe.owner())
    .await
    .unwrap();
    let exists =
        |column: &Column| column.name.is_some_and(|name| existing.iter().any(|(t, c)| t == column.table && c == name));
    readers(generation).into_iter().filter(|(column, _)| exists(column)).collect()
}

/// Every column that is read in a generation, and the metrics that read it.
fn readers(generation: Generation) -> BTreeMap<Column, BTreeSet<String>> {
    let mut readers = BTreeMap::<_, BTreeSet<_>>::new();
    for collector in Registry::load().unwrap().collectors() {
        for measure in collector.measures() {
            for column in measure.reads(generation) {
                readers.entry(column).or_default().insert(measure.declaration().key.to_owned());
            }
        }
    }
    readers
}

/// Metrics with the reasons of those that are missing.
#[derive(Debug, PartialEq)]
struct Answers {
    metrics: BTreeMap<String, MetricValue>,
    missing: BTreeMap<String, String>,
}

fn answers(collection: Collection) -> Answers {
    for run in &collection.runs {
        assert!(["ok", "not_available"].contains(&run.status.word()), "{}: {}", run.collector, run.status);
    }
    let missing = collection.runs.into_iter().flat_map(|run| run.missing);
    let missing = missing.flat_map(|missing| {
        let reason = missing.reason;
        missing.keys.into_iter().map(move |key| (key, reason.clone()))
    });
    Answers { metrics: collection.metrics, missing: missing.collect() }
}

async fn ask(ohe: &Ohe, pool: &PgPool) -> Answers {
    answers(collect(pool, &ohe.registry, &CollectionOptions::at(now())).await.unwrap())
}

impl Answers {
    /// These answers without the metrics of `lost`, which are missing for `reason`.
    fn without(&self, lost: &BTreeSet<String>, reason: &str) -> Self {
        let metrics = self.metrics.iter().filter(|(key, _)| !lost.contains(*key));
        let metrics = metrics.map(|(key, value)| (key.clone(), value.clone())).collect();
        let mut missing = self.missing.clone();
        missing.extend(lost.iter().map(|key| (key.clone(), reason.to_owned())));
        Self { metrics, missing }
    }
}

/// A column without which a filter does not apply, or rows of an older generation are not there: what is lost nevertheless.
/// The values of other metrics may change.
fn lost_without_optional(column: Column) -> Option<BTreeSet<String>> {
    let lost: &[&str] = match (column.table, column.name?) {
        ("conversation_metadata", "deleted_at") => &["conversations_deleted_30d"],
        ("custom_secrets", "is_org_shared") | ("user_settings", "keycloak_user_id") => &[],
        _ => return None,
    };
    Some(lost.iter().map(|key| (*key).to_owned()).collect())
}

#[tokio::test]
async fn each_missing_column_costs_the_metrics_that_read_it() {
    for (tables, generation) in BOTH {
        let ohe = with_sample_data(tables).await;
        let all = ask(&ohe, &ohe.pool).await;
        for (column, lost) in existing_readers(&ohe, generation).await {
            let name = column.name.unwrap();
            let rename = |from: &str, to: &str| format!("ALTER TABLE \"{}\" RENAME {from} TO {to}", column.table);
            ohe.run(&rename(name, "elsewhere")).await;
            let without = ask(&ohe, &ohe.pool).await;
            match lost_without_optional(column).filter(|_| generation == Generation::Orgs) {
                Some(lost) => assert_eq!(without.missing, all.without(&lost, NOT_RECORDED).missing, "{column}"),
                // The generation itself is told by this one.
                None if column.table == "conversation_metadata_saas" && name == "user_id" => {
                    assert!(!without.metrics.contains_key("team_orgs"));
                }
                None => assert_eq!(without, all.without(&lost, NOT_RECORDED), "without {column}"),
            }
            ohe.run(&rename("elsewhere", name)).await;
        }
    }
}

#[tokio::test]
async fn each_missing_table_costs_the_metrics_that_read_it() {
    for (tables, generation) in BOTH {
        let ohe = with_sample_data(tables).await;
        let all = ask(&ohe, &ohe.pool).await;
        let mut by_table = BTreeMap::<_, BTreeSet<_>>::new();
        for (column, lost) in readers(generation) {
            by_table.entry(column.table).or_default().extend(lost);
        }
        let tells_the_generation = ["user", "conversation_metadata_saas"];
        for (table, lost) in by_table.into_iter().filter(|(table, _)| !tells_the_generation.contains(table)) {
            ohe.run(&format!("ALTER TABLE {table} RENAME TO elsewhere")).await;
            let without = ask(&ohe, &ohe.pool).await;
            if table == "user_settings" && generation == Generation::Orgs {
                let lost = BTreeSet::from(["user_settings_rows".to_owned()]);
                assert_eq!(without.missing, all.without(&lost, NOT_RECORDED).missing);
            } else {
                assert_eq!(without, all.without(&lost, NOT_RECORDED), "without {table}");
            }
            ohe.run(&format!("ALTER TABLE elsewhere RENAME TO {table}")).await;
        }
    }
}

#[tokio::test]
async fn an_empty_database_has_no_metrics_and_no_errors() {
    let ohe = Ohe::without_tables().await;
    let collection = ohe.collect().await;
    assert!(collection.metrics.is_empty());
    assert_eq!(collection.database.to_string(), "generation settings, revision unknown, answers 0 of 115 metrics");
    assert_eq!(collection.runs.len(), 7);
    for run in &collection.runs {
        assert_eq!((run.metric_count, run.status.word()), (0, "not_available"));
    }
    let answers = answers(collection);
    assert_eq!(answers.missing["total_users"], "None of OHE's tables that this needs are in this database.");
    assert_eq!(answers.missing["team_orgs"], "OHE records this only since its 2026 releases.");
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
    for tables in [Tables::Settings, Tables::Orgs154, Tables::Orgs] {
        let ohe = with_sample_data(tables).await;
        let pool = least_privileged(&ohe).await;
        assert_eq!(ask(&ohe, &pool).await, ask(&ohe, &ohe.pool).await);
        let collection = collect(&pool, &ohe.registry, &CollectionOptions::at(now())).await.unwrap();
        assert!(collection.database.revision.is_some(), "the revision may be read");
        assert!(answers(collection).missing.values().all(|reason| reason != NOT_READABLE));
    }
}

#[tokio::test]
async fn the_grant_script_gives_no_more_than_is_read() {
    for tables in [Tables::Settings, Tables::Orgs] {
        let ohe = Ohe::as_it_is(tables).await;
        let pool = least_privileged(&ohe).await;
        let granted: Vec<(String, String)> = sqlx::query_as(
            "SELECT relname::text, attname::text FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid AND relkind = 'r'
             WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND has_column_privilege(attrelid, attnum, 'SELECT')",
        )
        .fetch_all(&pool)
        .await
        .unwrap();
        let mut read: BTreeSet<_> = Generation::ALL.into_iter().flat_map(readers).map(|(column, _)| column).collect();
        read.extend(collectors::ADMINISTRATOR_COLUMNS);
        read.insert(Column::new("alembic_version", "version_num"));
        let read: BTreeSet<_> = read.iter().filter_map(|c| Some((c.table.to_owned(), c.name?.to_owned()))).collect();
        let granted: BTreeSet<_> = granted.into_iter().collect();
        // What another generation has is not there to be granted; the telemetry tables of OHE's own are the service's.
        let exists = |(table, column): &&(String, String)| granted.contains(&(table.clone(), column.clone()));
        assert_eq!(
            granted.iter().filter(|(table, _)| !table.starts_with("telemetry_")).cloned().collect::<BTreeSet<_>>(),
            read.iter().filter(exists).cloned().collect()
        );
        let writable: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
             AND relname NOT LIKE 'telemetry\\_%'
             AND has_table_privilege(oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')",
        )
        .fetch_one(&pool)
        .await
        .unwrap();
        assert_eq!(writable, 0, "OHE's tables are only read");
    }
}

#[tokio::test]
async fn the_grant_script_runs_twice_and_where_tables_or_columns_are_missing() {
    for tables in [Tables::Settings, Tables::Orgs] {
        let ohe = Ohe::as_it_is(tables).await;
        ohe.run("DROP TABLE slack_teams; ALTER TABLE repos DROP COLUMN is_public").await;
        let before = ask(&ohe, &ohe.pool).await;
        let pool = least_privileged(&ohe).await;
        let role = pool.connect_options().get_username().to_owned();
        ohe.run(&GRANTS.replace("ohe_telemetry", &role)).await;
        assert_eq!(ask(&ohe, &pool).await, before);
        assert_eq!(before.missing["slack_teams"], NOT_RECORDED);
        let refused = sqlx::raw_sql("CREATE TABLE of_our_own (id int)").execute(&pool).await.unwrap_err();
        assert_eq!(refused.as_database_error().unwrap().code().unwrap(), "42501", "it gives nothing but reading");
    }
}

#[tokio::test]
async fn each_column_that_may_not_be_read_costs_the_metrics_that_read_it_and_never_the_generation() {
    for (tables, generation) in BOTH {
        let ohe = with_sample_data(tables).await;
        let pool = least_privileged(&ohe).await;
        let role = pool.connect_options().get_username().to_owned();
        let all = ask(&ohe, &pool).await;
        for (column, lost) in existing_readers(&ohe, generation).await {
            let name = column.name.unwrap();
            let grant = |what: &str, of: &str| format!("{what} SELECT ({name}) ON \"{}\" {of} {role}", column.table);
            ohe.run(&grant("REVOKE", "FROM")).await;
            assert_eq!(ask(&ohe, &pool).await, all.without(&lost, NOT_READABLE), "{column} may not be read");
            ohe.run(&grant("GRANT", "TO")).await;
        }
    }
}
