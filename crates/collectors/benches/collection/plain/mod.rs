//! The plain way to read the same metrics: each collector asks each table on its own. Tables of
//! which a collector only counts rows or users are asked together, as anyone would.
//!
//! Every query answers with one row, whose columns are the metrics' keys. `$1` is the instant of the collection.

mod orgs;
mod settings;

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use domain::ohe::Generation;
use sqlx::{AssertSqlSafe, Column, PgConnection, Row, TypeInfo, postgres::PgRow};

/// All metrics as of `now`, as numbers by key, one query after the other.
pub(crate) async fn collect(
    connection: &mut PgConnection,
    generation: Generation,
    now: NaiveDateTime,
) -> Result<BTreeMap<String, f64>, sqlx::Error> {
    let mut metrics = BTreeMap::new();
    let queries = match generation {
        Generation::Settings => &settings::QUERIES[..],
        Generation::Orgs => &orgs::QUERIES[..],
    };
    for &query in queries {
        let row = sqlx::query(AssertSqlSafe(query)).bind(now).fetch_one(&mut *connection).await?;
        for column in row.columns() {
            metrics.insert(column.name().to_owned(), number(&row, column)?);
        }
    }
    Ok(metrics)
}

#[expect(clippy::cast_precision_loss, reason = "counts of a benchmark's rows are far below 2^53")]
fn number(row: &PgRow, column: &impl Column<Database = sqlx::Postgres>) -> Result<f64, sqlx::Error> {
    match column.type_info().name() {
        "FLOAT8" => row.try_get(column.ordinal()),
        _ => Ok(row.try_get::<i64, _>(column.ordinal())? as f64),
    }
}
