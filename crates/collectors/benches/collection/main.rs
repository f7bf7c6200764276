//! All collectors together against the plain way, on sample data:
//! `cargo bench -p collectors --bench collection -- --users 50000 --conversations 1000000`.
//!
//! Prints one JSON line: the medians of runs that alternate, and the ratio of the two. The numbers of both ways are
//! compared first, on the same data.

mod plain;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use chrono::{DateTime, Utc};
use collectors::{CollectionOptions, Registry, collect};
use domain::{metric::MetricValue, ohe::Generation};
use private_postgres::testing::TestDatabase;
use sample_data::{Plan, Tables};
use sqlx::{AssertSqlSafe, PgPool};

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
    let fused = collectors::connect(database.connect_options());
    let registry = Registry::load()?;
    compare(&arguments, database.pool(), &fused, &registry, now).await?;
    let (mut collection, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let started = Instant::now();
        collect(&fused, &registry, &CollectionOptions::at(now)).await?;
        collection.push(started.elapsed());
        let started = Instant::now();
        collect_plainly(database.pool(), arguments.generation, now).await?;
        plain.push(started.elapsed());
    }
    report(&arguments, median(collection), median(plain));
    Ok(())
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
    database: &PgPool,
    fused: &PgPool,
    registry: &Registry,
    now: DateTime<Utc>,
) -> Result<()> {
    let collection = collect(fused, registry, &CollectionOptions::at(now)).await?;
    let plain = collect_plainly(database, arguments.generation, now).await?;
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
fn report(arguments: &Arguments, collection: f64, plain: f64) {
    let Arguments { generation, users, conversations } = arguments;
    let result = serde_json::json!({
        "generation": generation,
        "users": users,
        "conversations": conversations,
        "collection_seconds": collection,
        "plain_seconds": plain,
        "ratio": collection / plain,
    });
    println!("{result}");
}
