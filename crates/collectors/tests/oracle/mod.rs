//! Every metric once more, straight from its definition, in plain Rust over all rows of all tables.

mod definitions;
mod since_2026;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDateTime, TimeDelta};
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgPool};

/// All metrics as of `now`, as numbers; none for a metric that is missing.
pub(crate) async fn metrics(pool: &PgPool, now: NaiveDateTime) -> BTreeMap<&'static str, Option<f64>> {
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let mut tables = BTreeMap::new();
    for table in names {
        let all = AssertSqlSafe(format!("SELECT to_jsonb(all_rows) FROM \"{table}\" AS all_rows"));
        let rows: Vec<Value> = sqlx::query_scalar(all).fetch_all(pool).await.unwrap();
        tables.insert(table, Rows(rows.into_iter().map(Row).collect()));
    }
    let is_orgs = tables.contains_key("conversation_metadata_saas");
    let mut install = Install { tables, now, users: Rows(Vec::new()), conversations: Rows(Vec::new()) };
    (install.users, install.conversations) =
        if is_orgs { since_2026::building_blocks(&install) } else { before_2026(&install) };
    let mut metrics = definitions::all(&install).into_iter().map(|(key, value)| (key, Some(value))).collect();
    if is_orgs {
        since_2026::change(&mut metrics, &install);
    }
    metrics
}

/// Users and conversations of generation settings.
fn before_2026(install: &Install) -> (Rows, Rows) {
    let users = install.rows("user_settings").only(|row| row.text("keycloak_user_id").is_some_and(|id| !id.is_empty()));
    let conversations = install.rows("conversation_metadata");
    let owned = |row: &Row| row.with("owner", row.text("user_id").filter(|id| !id.is_empty()).into());
    (Rows(users.0.iter().map(of_settings).collect()), Rows(conversations.0.iter().map(owned).collect()))
}

/// A row of `user_settings` as a user.
fn of_settings(row: &Row) -> Row {
    user(row, row.text("keycloak_user_id"))
}

/// A row of either table of users as a user.
fn user(row: &Row, id: Option<&str>) -> Row {
    Row(serde_json::json!({
        "id": id, "accepted_tos": row.0["accepted_tos"], "email": row.0["email"],
        "consent": row.0["user_consents_to_analytics"]
    }))
}

struct Install {
    tables: BTreeMap<String, Rows>,
    now: NaiveDateTime,
    /// With `id`, `accepted_tos`, `email` and `consent`.
    users: Rows,
    /// That were not deleted, with `owner`.
    conversations: Rows,
}

impl Install {
    fn rows(&self, table: &str) -> &Rows {
        &self.tables[table]
    }

    /// Rows whose `column` lies in the last `days`, now included.
    fn within(&self, rows: &Rows, column: &str, days: i64) -> Rows {
        rows.only(|row| row.time(column).is_some_and(|t| t >= self.now - TimeDelta::days(days) && t <= self.now))
    }
}

#[derive(Clone)]
struct Row(Value);

impl Row {
    /// The row with one column more.
    fn with(&self, column: &str, value: Value) -> Self {
        let mut row = self.0.clone();
        row[column] = value;
        Self(row)
    }

    fn get(&self, column: &str) -> Option<&Value> {
        let value = self.0.get(column).unwrap_or_else(|| panic!("there is no column {column}"));
        (!value.is_null()).then_some(value)
    }

    fn text(&self, column: &str) -> Option<&str> {
        self.get(column).map(|value| value.as_str().unwrap())
    }

    fn is(&self, column: &str, text: &str) -> bool {
        self.text(column) == Some(text)
    }

    fn number(&self, column: &str) -> Option<f64> {
        self.get(column).map(|value| value.as_f64().unwrap())
    }

    fn flag(&self, column: &str) -> bool {
        self.get(column) == Some(&Value::Bool(true))
    }

    /// UTC.
    fn time(&self, column: &str) -> Option<NaiveDateTime> {
        let text = self.text(column)?;
        let zoned = DateTime::parse_from_rfc3339(text).map(|time| time.naive_utc());
        Some(zoned.unwrap_or_else(|_| text.parse().unwrap()))
    }

    fn seconds_between(&self, from: &str, to: &str) -> Option<f64> {
        Some((self.time(to)? - self.time(from)?).as_seconds_f64())
    }
}

#[derive(Clone)]
struct Rows(Vec<Row>);

impl Rows {
    fn only(&self, condition: impl Fn(&Row) -> bool) -> Self {
        Self(self.0.iter().filter(|row| condition(row)).cloned().collect())
    }

    fn count(&self) -> f64 {
        f64::from(u32::try_from(self.0.len()).unwrap())
    }

    fn count_where(&self, condition: impl Fn(&Row) -> bool) -> f64 {
        self.only(condition).count()
    }

    /// Distinct texts that are not null.
    fn distinct(&self, column: &str) -> BTreeSet<String> {
        self.0.iter().filter_map(|row| row.text(column)).map(str::to_owned).collect()
    }

    /// Distinct ids that are neither null nor empty.
    fn users(&self, column: &str) -> BTreeSet<String> {
        self.distinct(column).into_iter().filter(|id| !id.is_empty()).collect()
    }

    fn sum(&self, column: &str) -> f64 {
        self.0.iter().filter_map(|row| row.number(column)).sum()
    }

    fn percentile(&self, fraction: f64, value: impl Fn(&Row) -> Option<f64>) -> f64 {
        percentile(self.0.iter().filter_map(value).collect(), fraction)
    }
}

fn size<T>(set: &BTreeSet<T>) -> f64 {
    f64::from(u32::try_from(set.len()).unwrap())
}

fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / f64::from(u32::try_from(values.len()).unwrap()) }
}

/// Continuous: between the two nearest values in proportion.
fn percentile(mut values: Vec<f64>, fraction: f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let Some(last) = values.len().checked_sub(1) else { return 0.0 };
    let mut below = 0;
    let position = fraction * f64::from(u32::try_from(last).unwrap());
    while f64::from(u32::try_from(below + 1).unwrap()) <= position {
        below += 1;
    }
    let share = position - f64::from(u32::try_from(below).unwrap());
    values[below] + share * (values[(below + 1).min(last)] - values[below])
}
