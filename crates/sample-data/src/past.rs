//! The install as it was: what a collector would have read at an earlier time.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, PgPool};

use crate::past_views::{View, functions, people, views};

/// Makes the views through which connections from [`as_of`] see the past. Needs the tables of [`crate::create_tables`], of
/// either generation, in the schema `public`.
///
/// A view holds the rows of today that were there then. What has changed in a row since is undone where the row says when it
/// changed: a conversation that was deleted later is there, and an invitation that was accepted later is open. A table without
/// times grows with its users, or evenly.
///
/// # Errors
/// When the database refuses a statement, for instance because the views are there already.
pub async fn create_past(pool: &PgPool) -> Result<(), sqlx::Error> {
    let columns: Vec<(String, Vec<String>)> = sqlx::query_as(
        "select table_name::text, array_agg(column_name::text order by ordinal_position)
           from information_schema.columns where table_schema = 'public' group by 1",
    )
    .fetch_all(pool)
    .await?;
    let columns: BTreeMap<_, _> = columns.into_iter().collect();
    let has_organizations = columns.contains_key("user");
    let mut script = functions(has_organizations);
    for view in views() {
        if let Some(columns) = columns.get(view.table) {
            script.push_str(&statement(&view, columns));
        }
        // What follows grows with the users.
        if view.table == "user_settings" {
            script.push_str(people(has_organizations));
        }
    }
    sqlx::raw_sql(AssertSqlSafe(script)).execute(pool).await.map(drop)
}

fn statement(view: &View, columns: &[String]) -> String {
    let expressions: Vec<String> = columns
        .iter()
        .map(|column| match view.then.iter().find(|(changed, _)| changed == column) {
            Some((_, expression)) => format!("{expression} as \"{column}\""),
            None => format!("\"{column}\""),
        })
        .collect();
    let (table, expressions, there) = (view.table, expressions.join(", "), view.there);
    format!("create view past.\"{table}\" as select {expressions} from public.\"{table}\" where {there};\n")
}

/// Connections that find OHE's tables as they were at `time`.
pub fn as_of(options: PgConnectOptions, time: DateTime<Utc>) -> PgConnectOptions {
    let time = time.to_rfc3339_opts(SecondsFormat::Micros, true);
    options.options([("search_path", "past,public"), ("past.now", time.as_str())])
}
