//! All collectors together against the plain way, on sample data:
//! `cargo bench -p collectors --bench collection -- --generation orgs --users 50000 --conversations 1000000`.
//!
//! Prints one JSON line: the medians of runs that alternate, and the ratio of the two, with all cores and with one. The
//! numbers of both ways are compared first, on the same data.

mod plain;

use std::{
    collections::BTreeMap,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use chrono::{DateTime, Utc};
use collectors::{CollectionOptions, Registry, collect};
use domain::{metric::MetricValue, ohe::Generation};
use private_postgres::testing::TestDatabase;
use sample_data::{Plan, Tables};
use sqlx::{AssertSqlSafe, PgPool, postgres::PgPoolOptions};

const RUNS: usize = 7;

struct Arguments {
    generation: Generation,
    users: u32,
    conversations: u32,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = arguments(std::env::args().skip(1))?;
    let now: DateTime<Utc> = "2025-11-30T02:00:00Z".parse()?;
    let database = TestDatabase::empty().await;
    let tables = match arguments.generation {
        Generation::Settings => Tables::Settings,
        Generation::Orgs => Tables::Orgs,
    };
    sample_data::create_tables(database.pool(), tables).await?;
    let sample = Plan { tables, ..Plan::half_a_year(now, arguments.users, arguments.conversations) };
    sample_data::generate(database.pool(), &sample).await?;
    // What autovacuum does in time.
    sqlx::raw_sql("VACUUM ANALYZE").execute(database.pool()).await?;
    let registry = Registry::load()?;
    compare(&arguments, &database, &registry, now).await?;
    let both_cores = measure(&arguments, &database, &registry, now).await?;
    let one_core = if pin_to_one_core(&database).await? {
        Some(measure(&arguments, &database, &registry, now).await?)
    } else {
        None
    };
    report(&arguments, both_cores, one_core);
    Ok(())
}

/// Medians of runs that alternate, in seconds.
#[derive(Debug, Clone, Copy)]
struct Medians {
    collection: f64,
    plain: f64,
}

/// On connections of its own: a process that was begun before it was pinned would not be.
async fn measure(
    arguments: &Arguments,
    database: &TestDatabase,
    registry: &Registry,
    now: DateTime<Utc>,
) -> Result<Medians> {
    let fused = collectors::connect(database.connect_options());
    let plainly = PgPoolOptions::new().max_connections(1).connect_with(database.connect_options()).await?;
    let (mut collection, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let started = Instant::now();
        collect(&fused, registry, &CollectionOptions::at(now)).await?;
        collection.push(started.elapsed());
        let started = Instant::now();
        collect_plainly(&plainly, arguments.generation, now).await?;
        plain.push(started.elapsed());
    }
    Ok(Medians { collection: median(collection), plain: median(plain) })
}

/// Lets the database's processes and this one run on the first core alone, where the system has a program for that.
async fn pin_to_one_core(database: &TestDatabase) -> Result<bool> {
    let file: String = sqlx::query_scalar("SELECT pg_read_file('postmaster.pid')").fetch_one(database.pool()).await?;
    let server = file.lines().next().context("the server's process is not known")?.to_owned();
    for process in [server, std::process::id().to_string()] {
        let pinned = Command::new("taskset").args(["--all-tasks", "--pid", "--cpu-list", "0", &process]).output();
        if !pinned.is_ok_and(|output| output.status.success()) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn arguments(words: impl Iterator<Item = String>) -> Result<Arguments> {
    let mut arguments = Arguments { generation: Generation::Orgs, users: 50_000, conversations: 1_000_000 };
    // Cargo adds a word of its own.
    let mut words = words.filter(|word| word != "--bench");
    while let Some(name) = words.next() {
        let value = words.next().with_context(|| format!("{name} needs a value"))?;
        let number = || value.parse().with_context(|| format!("{name} needs a number"));
        match name.as_str() {
            "--generation" => arguments.generation = value.parse()?,
            "--users" => arguments.users = number()?,
            "--conversations" => arguments.conversations = number()?,
            _ => bail!("{name} is unknown; there are --generation settings|orgs, --users N and --conversations N"),
        }
    }
    Ok(arguments)
}

/// In one snapshot, as its rival.
async fn collect_plainly(pool: &PgPool, generation: Generation, now: DateTime<Utc>) -> Result<BTreeMap<String, f64>> {
    let mut transaction = pool.begin_with(AssertSqlSafe("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")).await?;
    let metrics = plain::collect(&mut transaction, generation, now.naive_utc()).await?;
    transaction.rollback().await?;
    Ok(metrics)
}

async fn compare(
    arguments: &Arguments,
    database: &TestDatabase,
    registry: &Registry,
    now: DateTime<Utc>,
) -> Result<()> {
    let fused = collectors::connect(database.connect_options());
    let collection = collect(&fused, registry, &CollectionOptions::at(now)).await?;
    let plain = collect_plainly(database.pool(), arguments.generation, now).await?;
    let keys = |collection: &BTreeMap<String, MetricValue>| collection.keys().cloned().collect::<Vec<_>>();
    ensure!(
        keys(&collection.metrics) == plain.keys().cloned().collect::<Vec<_>>(),
        "the two ways read different metrics: {:?} and {:?}",
        keys(&collection.metrics),
        plain.keys()
    );
    for (key, value) in &collection.metrics {
        let decimals = registry.dictionary().find(key).context("an undeclared metric")?.declaration.decimals;
        // One unit of the last decimal: the plain way is not rounded, and sums floats in another order.
        let tolerance = 10_f64.powi(-i32::from(decimals));
        ensure!((number(value)? - plain[key]).abs() < tolerance, "{key}: {value:?} is not {}", plain[key]);
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "counts of a benchmark's rows are far below 2^53")]
fn number(value: &MetricValue) -> Result<f64> {
    match value {
        MetricValue::Int(number) => Ok(*number as f64),
        MetricValue::Float(number) => Ok(*number),
        MetricValue::Bool(_) | MetricValue::Text(_) => bail!("no metric of METRICS is a flag or a text"),
    }
}

fn median(mut durations: Vec<Duration>) -> f64 {
    durations.sort_unstable();
    durations[durations.len() / 2].as_secs_f64()
}

#[expect(clippy::print_stdout, reason = "the result of a benchmark")]
fn report(arguments: &Arguments, both_cores: Medians, one_core: Option<Medians>) {
    let Arguments { generation, users, conversations } = arguments;
    let result = serde_json::json!({
        "generation": generation,
        "users": users,
        "conversations": conversations,
        "collection_seconds": both_cores.collection,
        "plain_seconds": both_cores.plain,
        "ratio": both_cores.collection / both_cores.plain,
        "one_core_collection_seconds": one_core.map(|medians| medians.collection),
        "one_core_plain_seconds": one_core.map(|medians| medians.plain),
        "one_core_ratio": one_core.map(|medians| medians.collection / medians.plain),
    });
    println!("{result}");
}
