//! The pages, one file each; its style sheet has the same name.

mod batch;
mod batches;
mod collectors;
mod metric;
mod metrics;
mod not_found;
mod overview;

pub(crate) use batch::BatchPage;
pub(crate) use batches::BatchesPage;
pub(crate) use collectors::CollectorsPage;
pub(crate) use metric::MetricPage;
pub(crate) use metrics::MetricsPage;
pub(crate) use not_found::NotFoundPage;
pub(crate) use overview::OverviewPage;
