//! A database of OHE for one test.
#![allow(dead_code, reason = "no test needs all of it")]

use chrono::{DateTime, Utc};
use collectors::{Collection, CollectionOptions, Registry, collect};
use domain::metric::MetricValue;
use private_postgres::testing::TestDatabase;
use sample_data::Tables;
use sqlx::{AssertSqlSafe, PgPool, postgres::PgConnectOptions};

/// The instant of the collections, to the microsecond.
pub(crate) const NOW: &str = "2025-06-15T12:00:00.123456Z";

pub(crate) fn now() -> DateTime<Utc> {
    NOW.parse().unwrap()
}

/// OHE's tables, in a database of their own.
pub(crate) struct Ohe {
    database: TestDatabase,
    /// As the role of the service.
    pub(crate) pool: PgPool,
    pub(crate) registry: Registry,
}

impl Ohe {
    /// A database without tables.
    pub(crate) async fn without_tables() -> Self {
        let database = TestDatabase::empty().await;
        let pool = collectors::connect(database.connect_options());
        Self { database, pool, registry: Registry::load().unwrap() }
    }

    /// All tables of a release, empty, as OHE makes them.
    pub(crate) async fn as_it_is(tables: Tables) -> Self {
        let ohe = Self::without_tables().await;
        sample_data::create_tables(ohe.database.pool(), tables).await.unwrap();
        ohe
    }

    /// All tables, empty, and rows need only the columns that a test is about.
    pub(crate) async fn for_rows_by_hand(tables: Tables) -> Self {
        let ohe = Self::as_it_is(tables).await;
        ohe.run(
            "DO $$ DECLARE it record; BEGIN
                 FOR it IN SELECT conrelid::regclass AS relation, conname AS name FROM pg_constraint
                           WHERE contype = 'f' AND connamespace = 'public'::regnamespace
                 LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', it.relation, it.name); END LOOP;
                 FOR it IN SELECT attrelid::regclass AS relation, attname AS name FROM pg_attribute
                           JOIN pg_class ON pg_class.oid = attrelid AND relkind = 'r'
                           WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND attnotnull
                                 AND NOT EXISTS (SELECT FROM pg_constraint WHERE contype = 'p' AND conrelid = attrelid
                                                 AND attnum = ANY (conkey))
                 LOOP EXECUTE format('ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL', it.relation, it.name); END LOOP;
             END $$;
             ALTER TABLE conversation_metadata ALTER COLUMN conversation_id SET DEFAULT gen_random_uuid();
             ALTER TABLE app_conversation_start_task ALTER COLUMN id SET DEFAULT gen_random_uuid();
             ALTER TABLE event_callback_result ALTER COLUMN id SET DEFAULT gen_random_uuid()",
        )
        .await;
        ohe
    }

    /// Runs SQL as OHE would. `{now}` is [`NOW`] as a naive timestamp, `{now_tz}` as an instant.
    pub(crate) async fn run(&self, sql: &str) {
        let sql = sql.replace("{now}", "(timestamp '2025-06-15 12:00:00.123456')");
        let sql = sql.replace("{now_tz}", "(timestamptz '2025-06-15 12:00:00.123456Z')");
        sqlx::raw_sql(AssertSqlSafe(sql.clone()))
            .execute(self.database.pool())
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// How to connect, as the database's owner.
    pub(crate) fn connect_options(&self) -> PgConnectOptions {
        self.database.connect_options()
    }

    pub(crate) fn url(&self) -> String {
        self.database.url()
    }

    pub(crate) fn owner(&self) -> &PgPool {
        self.database.pool()
    }

    /// Collects with all collectors as of [`NOW`].
    pub(crate) async fn collect(&self) -> Collection {
        collect(&self.pool, &self.registry, &CollectionOptions::at(now())).await.unwrap()
    }

    /// Collects, and compares some of the metrics.
    pub(crate) async fn expect<const N: usize>(&self, expected: [(&str, MetricValue); N]) {
        let collection = self.collect_without_failure().await;
        let found: Vec<_> = expected.iter().map(|(key, _)| (*key, collection.metrics.get(*key).cloned())).collect();
        let expected: Vec<_> = expected.into_iter().map(|(key, value)| (key, Some(value))).collect();
        assert_eq!(found, expected);
    }

    /// Collects, and sees that metrics are missing, and why.
    pub(crate) async fn expect_missing(&self, keys: &[&str], reason: &str) {
        let collection = self.collect_without_failure().await;
        for key in keys {
            assert_eq!(collection.metrics.get(*key), None, "{key}");
            let missing = collection.runs.iter().flat_map(|run| &run.missing);
            let why = missing.filter(|missing| missing.keys.iter().any(|known| known == key));
            assert_eq!(why.map(|missing| missing.reason.as_str()).collect::<Vec<_>>(), [reason], "{key}");
        }
    }

    async fn collect_without_failure(&self) -> Collection {
        let collection = self.collect().await;
        for run in &collection.runs {
            assert!(["ok", "not_available"].contains(&run.status.word()), "{}: {}", run.collector, run.status);
        }
        collection
    }
}

pub(crate) fn int(value: i64) -> MetricValue {
    MetricValue::Int(value)
}

pub(crate) fn float(value: f64) -> MetricValue {
    MetricValue::Float(value)
}
