//! Collectors that misbehave on demand.
#![allow(dead_code, reason = "no test needs all of it")]

use async_trait::async_trait;
use collectors::{Collection, CollectorError, Column, Measure, MetricsCollector, Registry, Snapshot};
use domain::{
    collector::CollectorStatus,
    metric::{Metric, MetricDeclaration},
    ohe::Generation,
};
use futures::future::BoxFuture;

pub(crate) type Behaviour = for<'a> fn(&'a mut Snapshot<'_>) -> BoxFuture<'a, Result<Vec<Metric>, CollectorError>>;

/// A collector of one's own making. It declares the metric `probe`, an int, and `second`, a text.
pub(crate) struct Probe {
    pub(crate) name: &'static str,
    pub(crate) measures: &'static [Measure],
    pub(crate) reads: Vec<Column>,
    pub(crate) should_collect: bool,
    pub(crate) behaviour: Option<Behaviour>,
}

impl Probe {
    fn new(name: &'static str) -> Self {
        Self { name, measures: &[], reads: Vec::new(), should_collect: true, behaviour: None }
    }

    /// A collector that declares `probe`, and does as told.
    pub(crate) fn behaving(name: &'static str, behaviour: Behaviour) -> Self {
        Self { behaviour: Some(behaviour), ..Self::new(name) }
    }

    /// A collector of these measures.
    pub(crate) fn measuring(name: &'static str, measures: &'static [Measure]) -> Self {
        Self { measures, ..Self::new(name) }
    }

    /// As the registry has collectors.
    pub(crate) fn forever(self) -> &'static dyn MetricsCollector {
        Box::leak(Box::new(self))
    }
}

#[async_trait]
impl MetricsCollector for Probe {
    fn name(&self) -> &'static str {
        self.name
    }

    fn measures(&self) -> &'static [Measure] {
        self.measures
    }

    fn reads(&self, generation: Generation) -> Vec<Column> {
        let measured = self.measures.iter().flat_map(|measure| measure.reads(generation));
        measured.chain(self.reads.iter().copied()).collect()
    }

    fn declarations(&self) -> Vec<MetricDeclaration> {
        if self.behaviour.is_some() {
            vec![MetricDeclaration::int("probe", "rows", "Whatever a test has in mind.")]
        } else {
            self.measures.iter().map(Measure::declaration).collect()
        }
    }

    fn should_collect(&self) -> bool {
        self.should_collect
    }

    async fn collect(&self, snapshot: &mut Snapshot<'_>) -> Result<Vec<Metric>, CollectorError> {
        match self.behaviour {
            Some(behaviour) => behaviour(snapshot).await,
            None => snapshot.take(self.measures).await,
        }
    }
}

/// All real collectors, and these.
pub(crate) fn registry_with(probes: impl IntoIterator<Item = Probe>) -> Registry {
    let real = Registry::load().unwrap();
    let probes = probes.into_iter().map(Probe::forever);
    Registry::new(real.collectors().iter().copied().chain(probes)).unwrap()
}

/// How a collector's run ended.
pub(crate) fn status<'a>(collection: &'a Collection, collector: &str) -> &'a CollectorStatus {
    &collection.runs.iter().find(|run| run.collector == collector).unwrap().status
}
