//! What a collector sees of the database.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::metric::Metric;
use sqlx::PgConnection;
use tokio::time::Instant;

use crate::{
    connection::set_statement_timeout,
    error::CollectorError,
    measure::Measure,
    schema::{Catalog, Column},
    statement::{Statement, Values},
};

/// How much later than a collector's deadline the server stops its query: the deadline, and not an error of the
/// query, is what ends the collector.
const GRACE: Duration = Duration::from_millis(100);

/// The database as it was at one instant: the same for all collectors, and read-only.
pub struct Snapshot<'a> {
    pub(crate) connection: &'a mut PgConnection,
    pub(crate) catalog: &'a Catalog,
    pub(crate) now: DateTime<Utc>,
    /// Measures that were taken for all collectors together.
    pub(crate) shared: &'a Values,
    pub(crate) statement_timeout: Duration,
    /// When this collector's time is up.
    pub(crate) deadline: Instant,
}

impl Snapshot<'_> {
    /// The instant of the collection, for every comparison with a time. Naive timestamps of OHE are UTC: compare them
    /// with `now().naive_utc()`.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Whether a table or column is there and may be read. True only of those that [`reads`] names.
    ///
    /// [`reads`]: crate::MetricsCollector::reads
    pub fn has(&self, column: Column) -> bool {
        self.catalog.has(column)
    }

    /// The connection, in the transaction that all collectors read in and in UTC, for a query of the collector's own.
    /// The server stops the query at the statement timeout, or when the collector's time is up.
    ///
    /// # Errors
    /// Where the connection is lost.
    pub async fn connection(&mut self) -> Result<&mut PgConnection, CollectorError> {
        let left = self.deadline.saturating_duration_since(Instant::now()) + GRACE;
        set_statement_timeout(self.connection, left.min(self.statement_timeout)).await?;
        Ok(self.connection)
    }

    /// The metrics that `measures` are. Those that lack a table or column are left out.
    ///
    /// # Errors
    /// Where the query fails, or a value does not keep its declaration.
    pub async fn take(&mut self, measures: &[Measure]) -> Result<Vec<Metric>, CollectorError> {
        let available = available(measures.iter(), self.catalog);
        let is_shared = |measure: &Measure| self.shared.contains_key(measure.declaration.key);
        let own: Vec<_> = available.iter().copied().filter(|measure| !is_shared(measure)).collect();
        let now = self.now.naive_utc();
        let own = if own.is_empty() {
            Values::new()
        } else {
            Statement::new(&own).run(self.connection().await?, now).await?
        };
        let value = |key| own.get(key).or_else(|| self.shared.get(key));
        let given =
            available.iter().filter_map(|measure| Some((measure.declaration.key, value(measure.declaration.key)?)));
        given.map(|(key, value)| Ok(Metric { key, value: value.clone()? })).collect()
    }
}

/// The measures that lack no table or column.
pub(crate) fn available<'a>(measures: impl Iterator<Item = &'a Measure>, catalog: &Catalog) -> Vec<Measure> {
    measures.filter(|measure| measure.reads().into_iter().all(|column| catalog.has(column))).copied().collect()
}
