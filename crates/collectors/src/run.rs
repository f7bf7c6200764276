//! One collection: every collector once, in one snapshot, and none at another's expense.

use std::{collections::BTreeMap, panic::AssertUnwindSafe, time::Duration};

use chrono::{DateTime, SubsecRound, Utc};
use domain::{
    collector::{CollectorRun, CollectorStatus, MissingMetrics},
    metric::{Metric, MetricDeclaration, MetricValue, ValueError},
    ohe::{Generation, OheDatabase},
};
use futures::FutureExt;
use sqlx::PgPool;
use tokio::time::{Instant, timeout, timeout_at};

use crate::{
    collector::MetricsCollector,
    connection::{ReadTransaction, set_statement_timeout},
    error::{CollectError, CollectorError},
    missing::{self, Reason},
    registry::Registry,
    schema::{Column, Schema},
    snapshot::{Snapshot, formulas},
    statement::{Statement, Values},
};

/// How much longer than a collector may take the transaction may idle.
const IDLE_GRACE: Duration = Duration::from_secs(30);

/// How to collect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionOptions {
    /// The instant that all metrics are as of.
    pub now: DateTime<Utc>,
    /// The name of the only collector to run; none for all.
    pub only: Option<String>,
    /// How long one collector may take.
    pub collector_limit: Duration,
    /// How long one query may take.
    pub statement_timeout: Duration,
}

impl CollectionOptions {
    /// All collectors as of `now`, with 60 s for each collector and 50 s for each query: a query too slow is then
    /// told from a collector too slow.
    pub fn at(now: DateTime<Utc>) -> Self {
        Self { now, only: None, collector_limit: Duration::from_mins(1), statement_timeout: Duration::from_secs(50) }
    }
}

/// What a collection came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Collection {
    /// The database that was read.
    pub database: OheDatabase,
    /// The metrics that were had, by key.
    pub metrics: BTreeMap<String, MetricValue>,
    /// How each collector fared, in the order of their names.
    pub runs: Vec<CollectorRun>,
}

/// Runs the collectors, in one read-only snapshot on one connection. A collector that fails, panics or takes too long
/// leaves the others' metrics alone.
///
/// Measures are taken for all collectors together first. Where that fails, or takes longer than one query may, each
/// collector takes its own, so that the fault is found where it is. A collector's duration includes what was read for
/// all.
///
/// # Errors
/// [`CollectError`] where the named collector does not exist, or the connection is not to be had or lost.
pub async fn collect(
    pool: &PgPool,
    registry: &Registry,
    options: &CollectionOptions,
) -> Result<Collection, CollectError> {
    let collectors = chosen(registry, options.only.as_deref())?;
    let mut transaction = ReadTransaction::begin(pool, options.statement_timeout).await?;
    transaction.limit_idling(options.collector_limit + IDLE_GRACE).await?;
    let schema = Schema::probe(transaction.connection(), &reads(&collectors)).await?;
    // PostgreSQL's clock ends at microseconds; so does this instant, for every query.
    let options = CollectionOptions { now: options.now.trunc_subsecs(6), ..options.clone() };
    let mut context = Context { options, schema, shared: Shared::default() };
    context.shared = Shared::read(&mut transaction, &collectors, &context).await?;
    let (mut metrics, mut runs) = (BTreeMap::new(), Vec::new());
    for &collector in &collectors {
        let (theirs, run) = run_one(&mut transaction, collector, &context).await?;
        metrics.extend(theirs);
        runs.push(run);
    }
    if Schema::was_rewritten(transaction.connection(), &reads(&collectors)).await? {
        return Err(CollectError::TablesChanged);
    }
    transaction.end().await?;
    let missing = runs.iter().flat_map(|run| &run.missing);
    let database = describe(&context.schema, &collectors, missing.map(|missing| missing.keys.len()).sum());
    Ok(Collection { database, metrics, runs })
}

fn reads(collectors: &[&dyn MetricsCollector]) -> Vec<Column> {
    Generation::ALL.iter().flat_map(|generation| collectors.iter().flat_map(|each| each.reads(*generation))).collect()
}

fn describe(schema: &Schema, collectors: &[&dyn MetricsCollector], missing: usize) -> OheDatabase {
    let known: usize = collectors.iter().map(|collector| collector.declarations().len()).sum();
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    OheDatabase {
        generation: schema.generation(),
        revision: schema.revision().map(str::to_owned),
        answerable: count(known.saturating_sub(missing)),
        known: count(known),
    }
}

/// What all collectors of one collection have in common.
struct Context {
    options: CollectionOptions,
    schema: Schema,
    shared: Shared,
}

fn chosen(registry: &Registry, only: Option<&str>) -> Result<Vec<&'static dyn MetricsCollector>, CollectError> {
    let all = registry.collectors().iter().copied();
    let Some(name) = only else {
        return Ok(all.filter(|collector| should_collect(*collector)).collect());
    };
    let chosen: Vec<_> = all.filter(|collector| collector.name() == name).collect();
    if chosen.is_empty() {
        return Err(CollectError::UnknownCollector { name: name.to_owned(), known: registry.names() });
    }
    Ok(chosen)
}

/// A collector that panics here is run all the same: its failure is better seen than its absence.
fn should_collect(collector: &dyn MetricsCollector) -> bool {
    std::panic::catch_unwind(AssertUnwindSafe(|| collector.should_collect())).unwrap_or(true)
}

/// Measures taken for all collectors together.
#[derive(Default)]
struct Shared {
    values: Values,
    duration: Duration,
}

impl Shared {
    async fn read(
        transaction: &mut ReadTransaction,
        collectors: &[&dyn MetricsCollector],
        context: &Context,
    ) -> Result<Self, CollectError> {
        let measures = collectors.iter().flat_map(|collector| collector.measures());
        let statement = Statement::new(formulas(measures, &context.schema), &context.schema);
        let started = Instant::now();
        let limit = context.options.statement_timeout.min(context.options.collector_limit);
        let mut savepoint = transaction.savepoint().await?;
        let taken = async {
            set_statement_timeout(&mut savepoint, limit).await?;
            statement.run(&mut savepoint, context.options.now.naive_utc()).await
        };
        let taken = timeout(limit, taken).await;
        drop(savepoint);
        transaction.settle().await?;
        let duration = started.elapsed();
        match taken {
            Ok(Ok(values)) => return Ok(Self { values, duration }),
            Ok(Err(error)) => {
                let error = CollectorError::from(error);
                tracing::warn!(%error, "collectors cannot read together, each reads alone");
            }
            Err(_) => tracing::warn!(?limit, "collectors took too long to read together, each reads alone"),
        }
        Ok(Self::default())
    }
}

async fn run_one(
    transaction: &mut ReadTransaction,
    collector: &'static dyn MetricsCollector,
    context: &Context,
) -> Result<(BTreeMap<String, MetricValue>, CollectorRun), CollectError> {
    let started = Instant::now();
    let outcome = attempt(transaction, collector, context, started).await?;
    transaction.settle().await?;
    let mut theirs = formulas(collector.measures().iter(), &context.schema);
    let takes_part = theirs.any(|formula| context.shared.values.contains_key(&formula));
    let shared = if takes_part { context.shared.duration } else { Duration::ZERO };
    let (metrics, missing, status) = match outcome {
        Ok(Given { metrics, missing }) => {
            let missing = explain(collector, &metrics, missing, &context.schema);
            let is_nothing = metrics.is_empty() && !missing.is_empty();
            let status = if is_nothing { CollectorStatus::NotAvailable } else { CollectorStatus::Ok };
            (metrics, missing, status)
        }
        Err(status) => (BTreeMap::new(), Vec::new(), status),
    };
    let run = CollectorRun {
        collector: collector.name().to_owned(),
        status,
        metric_count: u32::try_from(metrics.len()).unwrap_or(u32::MAX),
        missing,
        duration: started.elapsed() + shared,
    };
    let CollectorRun { collector, status, duration, .. } = &run;
    tracing::debug!(collector, %status, ?duration, "collector ran");
    Ok((metrics, run))
}

/// What a collector gave, and why it left out what it noted.
struct Given {
    metrics: BTreeMap<String, MetricValue>,
    missing: BTreeMap<&'static str, Reason>,
}

/// Runs a collector behind a savepoint, and rolls back to it however the run ends.
async fn attempt(
    transaction: &mut ReadTransaction,
    collector: &'static dyn MetricsCollector,
    context: &Context,
    started: Instant,
) -> Result<Result<Given, CollectorStatus>, CollectError> {
    let limit = context.options.collector_limit;
    let deadline = started + limit;
    let timed_out = || CollectorStatus::TimedOut { limit_seconds: limit.as_secs() };
    let mut savepoint = transaction.savepoint().await?;
    let mut snapshot = Snapshot {
        connection: &mut savepoint,
        schema: &context.schema,
        now: context.options.now,
        shared: &context.shared.values,
        statement_timeout: context.options.statement_timeout,
        deadline,
        missing: BTreeMap::new(),
    };
    let collected = AssertUnwindSafe(collector.collect(&mut snapshot)).catch_unwind();
    let ended = timeout_at(deadline, collected).await;
    let missing = std::mem::take(&mut snapshot.missing);
    Ok(match ended {
        Err(_) => Err(timed_out()),
        // The server may be the first to notice.
        Ok(Ok(Err(_))) if Instant::now() >= deadline => Err(timed_out()),
        // What it says may quote values; the panic hook has told the log where it happened.
        Ok(Err(_)) => Err(CollectorStatus::Error { message: "the collector panicked".to_owned() }),
        Ok(Ok(metrics)) => metrics
            .and_then(|metrics| Ok(Given { metrics: accept(&collector.declarations(), metrics)?, missing }))
            .map_err(|error| CollectorStatus::Error { message: error.to_string() }),
    })
}

/// Checks metrics against their declarations, and rounds them.
fn accept(
    declarations: &[MetricDeclaration],
    metrics: Vec<Metric>,
) -> Result<BTreeMap<String, MetricValue>, ValueError> {
    let mut accepted = BTreeMap::new();
    for Metric { key, value } in metrics {
        let declaration = declarations.iter().find(|declaration| declaration.key == key);
        let value = declaration.ok_or(ValueError::Undeclared { key })?.accept(value)?;
        if accepted.insert(key.to_owned(), value).is_some() {
            return Err(ValueError::Repeated { key });
        }
    }
    Ok(accepted)
}

/// Why each metric is missing that the collector declares and did not give.
fn explain(
    collector: &dyn MetricsCollector,
    metrics: &BTreeMap<String, MetricValue>,
    mut noted: BTreeMap<&'static str, Reason>,
    schema: &Schema,
) -> Vec<MissingMetrics> {
    noted.retain(|key, _| !metrics.contains_key(*key));
    let unexplained =
        || Reason::of_columns(&collector.reads(schema.generation()), schema).unwrap_or_else(Reason::unknown);
    for declaration in collector.declarations() {
        if !metrics.contains_key(declaration.key) {
            noted.entry(declaration.key).or_insert_with(unexplained);
        }
    }
    missing::by_reason(noted)
}
