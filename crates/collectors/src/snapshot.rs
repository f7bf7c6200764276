//! What a collector sees of the database.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Utc};
use domain::{
    metric::{Metric, ValueError},
    ohe::Generation,
};
use sqlx::PgConnection;
use tokio::time::Instant;

use crate::{
    connection::set_statement_timeout,
    error::CollectorError,
    measure::{Formula, Measure, Silence, SilenceCondition},
    missing::Reason,
    schema::{Column, Schema},
    statement::{Statement, Values, parse},
};

/// How much later than a collector's deadline the server stops its query: the deadline, and not an error of the
/// query, is what ends the collector.
const GRACE: Duration = Duration::from_millis(100);

/// The database as it was at one instant: the same for all collectors, and read-only.
pub struct Snapshot<'a> {
    pub(crate) connection: &'a mut PgConnection,
    pub(crate) schema: &'a Schema,
    pub(crate) now: DateTime<Utc>,
    /// Measures that were taken for all collectors together.
    pub(crate) shared: &'a Values,
    pub(crate) statement_timeout: Duration,
    /// When this collector's time is up.
    pub(crate) deadline: Instant,
    /// Why metrics are missing, by their keys.
    pub(crate) missing: BTreeMap<&'static str, Reason>,
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
        self.schema.has(column)
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

    /// The generation of OHE's database.
    pub fn generation(&self) -> Generation {
        self.schema.generation()
    }

    /// Says why the metric `key` is missing, as a sentence for administrators.
    pub fn leave_out(&mut self, key: &'static str, reason: impl Into<String>) {
        self.missing.insert(key, Reason::of(reason));
    }

    /// The metrics that `measures` are. Those that this database cannot answer are left out, and why is noted.
    ///
    /// # Errors
    /// Where the query fails, or a value does not keep its declaration.
    pub async fn take(&mut self, measures: &[Measure]) -> Result<Vec<Metric>, CollectorError> {
        let own = formulas(measures.iter(), self.schema).filter(|formula| !self.shared.contains_key(formula));
        let own: Vec<_> = own.collect();
        let (schema, now) = (self.schema, self.now.naive_utc());
        let own = if own.is_empty() {
            Values::new()
        } else {
            Statement::new(own, schema).run(self.connection().await?, now).await?
        };
        let text = |formula: Formula| own.get(&formula).or_else(|| self.shared.get(&formula));
        let mut metrics = Vec::new();
        for measure in measures {
            let key = measure.declaration.key;
            match take_one(measure, schema, text)? {
                Ok(metric) => metrics.push(metric),
                Err(reason) => drop(self.missing.insert(key, reason)),
            }
        }
        Ok(metrics)
    }
}

/// All that has to be asked for those of `measures` that the database of `schema` can answer.
pub(crate) fn formulas<'a>(
    measures: impl Iterator<Item = &'a Measure>,
    schema: &Schema,
) -> impl Iterator<Item = Formula> {
    let generation = schema.generation();
    measures.filter(|measure| unanswerable(measure, schema).is_none()).flat_map(move |m| m.formulas(generation))
}

/// Why the database of `schema` cannot answer `measure`, as far as its columns tell; `None` if it can.
fn unanswerable(measure: &Measure, schema: &Schema) -> Option<Reason> {
    if measure.formula(schema.generation()).is_none() {
        return Some(Reason::of_generation());
    }
    Reason::of_columns(&measure.needs(schema), schema)
}

fn take_one<'a>(
    measure: &Measure,
    schema: &Schema,
    text: impl Fn(Formula) -> Option<&'a Option<String>>,
) -> Result<Result<Metric, Reason>, ValueError> {
    if let Some(reason) = unanswerable(measure, schema) {
        return Ok(Err(reason));
    }
    let Some(value) = measure.formula(schema.generation()).and_then(&text) else { return Ok(Err(Reason::unknown())) };
    let is_true = |formula: &Formula| text(*formula).is_some_and(|text| text.as_deref() == Some("true"));
    let is_silent = |silence: &Silence| match silence.condition {
        SilenceCondition::Zero => value.as_deref().unwrap_or("0") == "0",
        SilenceCondition::All(formulas) => formulas.iter().all(is_true),
    };
    if let Some(silence) = measure.silence(schema.generation()).filter(is_silent) {
        return Ok(Err(Reason::of(silence.reason)));
    }
    Ok(Ok(Metric { key: measure.declaration.key, value: parse(&measure.declaration, value.as_deref())? }))
}
