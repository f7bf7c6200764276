//! A database with sample data in it.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "no test needs all of it, nor goes on without its database"
)]

use chrono::{DateTime, Utc};
use private_postgres::testing::TestDatabase;
use sample_data::{Plan, Summary, create_tables, generate};
use sqlx::{AssertSqlSafe, PgPool};

/// The last instant of the plans.
pub(crate) fn until() -> DateTime<Utc> {
    "2025-11-23T14:45:30Z".parse().unwrap()
}

pub(crate) struct Install {
    pub(crate) database: TestDatabase,
    pub(crate) summary: Summary,
}

impl Install {
    pub(crate) async fn of(plan: &Plan) -> Self {
        let database = TestDatabase::empty().await;
        create_tables(database.pool(), plan.tables).await.unwrap();
        let summary = generate(database.pool(), plan).await.unwrap();
        Self { database, summary }
    }

    pub(crate) fn pool(&self) -> &PgPool {
        self.database.pool()
    }

    /// Rows of a table, or of whatever stands behind `from`.
    pub(crate) async fn count(&self, condition: &str) -> i64 {
        let query = format!("select count(*) from {condition}");
        sqlx::query_scalar(AssertSqlSafe(query))
            .fetch_one(self.pool())
            .await
            .unwrap_or_else(|error| panic!("{condition}: {error}"))
    }

    /// A checksum of all rows of each table.
    pub(crate) async fn checksums(&self) -> Vec<(String, Option<String>)> {
        let tables: Vec<String> =
            sqlx::query_scalar("select tablename::text from pg_tables where schemaname = 'public' order by 1")
                .fetch_all(self.pool())
                .await
                .unwrap();
        let mut sums = Vec::new();
        for table in tables {
            let sum = format!("select md5(string_agg(row::text, ' ' order by row::text)) from \"{table}\" as row");
            sums.push((table, sqlx::query_scalar(AssertSqlSafe(sum)).fetch_one(self.pool()).await.unwrap()));
        }
        sums
    }
}
