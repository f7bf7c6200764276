//! What a collector is, and how its file registers it.

use async_trait::async_trait;
use domain::{
    metric::{Metric, MetricDeclaration},
    ohe::Generation,
};

use crate::{
    error::CollectorError,
    measure::Measure,
    schema::{Column, distinct},
    snapshot::Snapshot,
};

/// Reads some numbers from OHE's database. A collector is one file in `src/collectors`, and registers itself there.
///
/// Most collectors are their [`measures`](Self::measures) and nothing else. One that needs more than SQL aggregates
/// overrides [`reads`](Self::reads), [`declarations`](Self::declarations) and [`collect`](Self::collect).
#[async_trait]
pub trait MetricsCollector: Send + Sync {
    /// The name, unique, `snake_case`.
    fn name(&self) -> &'static str;

    /// The metrics that are one SQL aggregate each. All collectors' measures of the same rows are taken in one pass.
    fn measures(&self) -> &'static [Measure] {
        &[]
    }

    /// The tables and columns that are read in a database of `generation`: what administrators are shown, and what rights
    /// are needed.
    fn reads(&self, generation: Generation) -> Vec<Column> {
        distinct(self.measures().iter().flat_map(|measure| measure.reads(generation)))
    }

    /// What each metric is.
    fn declarations(&self) -> Vec<MetricDeclaration> {
        self.measures().iter().map(Measure::declaration).collect()
    }

    /// Whether to collect at all; a collector that does not is no part of the collection.
    fn should_collect(&self) -> bool {
        true
    }

    /// The metrics that can be had, each declared, at most once. Must not block the thread: it is stopped at its time
    /// limit wherever it awaits.
    ///
    /// # Errors
    /// Where not even those can be had that lack no table or column. None of this collector's metrics are recorded
    /// then.
    async fn collect(&self, snapshot: &mut Snapshot<'_>) -> Result<Vec<Metric>, CollectorError> {
        snapshot.take(self.measures()).await
    }
}

/// A collector's entry in the registry: `inventory::submit! { Registration(&MyCollector) }`.
pub struct Registration(pub &'static dyn MetricsCollector);

inventory::collect!(Registration);
