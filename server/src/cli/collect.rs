//! `ohe-telemetry collect`.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use clap::Args;
use collectors::{Collection, Registry};
use comfy_table::{Cell, CellAlignment};
use domain::collector::{CollectorRun, CollectorStatus};
use domain::metric::MetricValue;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::output::{ForPeople, Output, count, table};
use super::words::skip_reason;
use super::{install, prepared_install};
use crate::services::CollectionOutcome;

/// Collect a batch now, in this process.
#[derive(Debug, Args)]
pub(super) struct Collect {
    /// Store nothing; print every metric.
    #[arg(long)]
    dry_run: bool,
    /// Only this collector. A stored batch always holds all of them, since the vendor replaces the whole set by it.
    #[arg(long, value_name = "NAME", requires = "dry_run")]
    collector: Option<String>,
    /// Collect as if it were this time (RFC 3339), for instance 2025-11-16T02:00:00Z.
    #[arg(long, value_name = "T")]
    now: Option<DateTime<Utc>>,
}

impl Collect {
    pub(super) async fn run(self, output: Output) -> anyhow::Result<()> {
        if self.dry_run {
            // Needs none of our tables.
            let services = &install()?.services;
            let now = self.now.unwrap_or_else(|| services.clock.now());
            let collection = services.collection.collect(now, self.collector).await?;
            return output.print(&DryRun { collection, registry: Arc::clone(&services.registry) });
        }
        let install = prepared_install().await?;
        let now = self.now.unwrap_or_else(|| install.services.clock.now());
        output.print(&install.services.collection.run(now).await?)
    }
}

impl ForPeople for CollectionOutcome {
    fn for_people(&self) -> String {
        match self {
            Self::Completed { metrics_collected, collectors_run, .. } => {
                let collected = count(*metrics_collected, "metric");
                format!("A batch of {collected} was collected.\n\n{}", runs(collectors_run))
            }
            Self::NothingCollected { reason, collectors_run } => {
                format!("No batch was stored. {}\n\n{}", skip_reason(*reason), runs(collectors_run))
            }
            Self::Skipped { reason, .. } => format!("Nothing was collected. {}", skip_reason(*reason)),
        }
    }
}

/// How each collector fared.
fn runs(collectors_run: &BTreeMap<String, Value>) -> String {
    let result = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    table(
        ["collector", "metrics"],
        collectors_run.iter().map(|(name, value)| [Cell::new(name), Cell::new(result(value))]),
    )
}

/// A collection that was not stored.
#[derive(Debug)]
struct DryRun {
    collection: Collection,
    registry: Arc<Registry>,
}

impl Serialize for DryRun {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        CollectionOutcome::of_dry_run(&self.collection).serialize(serializer)
    }
}

impl ForPeople for DryRun {
    fn for_people(&self) -> String {
        let Collection { database, metrics, runs } = &self.collection;
        let mut parts =
            vec![format!("{} collected, none stored. OHE's database: {database}.", count(metrics.len(), "metric"))];
        if !metrics.is_empty() {
            parts.push(self.values());
        }
        let absent: Vec<_> = runs.iter().flat_map(absent).collect();
        if !absent.is_empty() {
            parts.push(table(["collector", "missing", "why"], absent));
        }
        parts.join("\n\n")
    }
}

impl DryRun {
    /// Every metric that was had, by collector.
    fn values(&self) -> String {
        let dictionary = self.registry.dictionary();
        let mut known: Vec<_> = self
            .collection
            .metrics
            .iter()
            .map(|(key, value)| {
                let (owner, unit) =
                    dictionary.find(key).map_or(("", ""), |entry| (entry.owner, entry.declaration.unit));
                (owner, key, value, unit)
            })
            .collect();
        known.sort_by_key(|(owner, key, ..)| (*owner, *key));
        let mut last = "";
        let rows = known.into_iter().map(|(owner, key, value, unit)| {
            // Said once for all of its metrics.
            let said = if owner == last { "" } else { owner };
            last = owner;
            let value = Cell::new(in_words(value)).set_alignment(CellAlignment::Right);
            [Cell::new(said), Cell::new(key), value, Cell::new(unit)]
        });
        table(["collector", "metric", "value", "unit"], rows)
    }
}

/// What a collector did not give, and why.
fn absent(run: &CollectorRun) -> Vec<[Cell; 3]> {
    let row = |missing: String, why: String| [run.collector.clone(), missing, why].map(Cell::new);
    match &run.status {
        CollectorStatus::Ok | CollectorStatus::NotAvailable => run
            .missing
            .iter()
            .map(|missing| {
                let columns = match missing.columns.as_slice() {
                    [] => String::new(),
                    columns => format!(" ({})", columns.join(", ")),
                };
                row(missing.keys.join(", "), format!("{}{columns}", missing.reason))
            })
            .collect(),
        failed => vec![row("all of its metrics".to_owned(), failed.to_string())],
    }
}

fn in_words(value: &MetricValue) -> String {
    match value {
        MetricValue::Int(number) => number.to_string(),
        MetricValue::Float(number) => number.to_string(),
        MetricValue::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        MetricValue::Text(text) => text.clone(),
    }
}
