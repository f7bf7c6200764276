//! Collectors and their last runs.

use domain::collector::CollectorRun;
use domain::ohe::OheDatabase;
use serde::{Deserialize, Serialize};

use super::BatchRef;

/// Every registered collector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectorList {
    /// By name.
    pub collectors: Vec<CollectorSummary>,
    /// OHE's database as the newest collection found it; none before the first.
    pub database: Option<OheDatabase>,
}

/// A collector: what it reads, what it gives, how it last fared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectorSummary {
    /// Unique, `snake_case`.
    pub name: String,
    /// What it reads of OHE's database, by table.
    pub reads: Vec<TableRead>,
    /// How many metrics it declares.
    pub declared_metrics: u32,
    /// Its part in the newest batch it ran for; none before the first.
    pub last_run: Option<LastRun>,
}

/// What a collector reads of one of OHE's tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRead {
    /// The table.
    pub table: String,
    /// The columns, and no others.
    pub columns: Vec<String>,
}

/// A collector's last run, and the batch it ran for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastRun {
    /// The batch.
    pub batch: BatchRef,
    /// How it went.
    pub run: CollectorRun,
}
