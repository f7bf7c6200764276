//! The server functions: each asks the port one question. All of them only read, and are called by GET.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use crate::error::DashboardError;
use crate::model::{Answer, BatchDetail, BatchPage, BatchState, CollectorList, MetricHistory, MetricList, Overview};

/// The port of this request.
#[cfg(feature = "ssr")]
fn backend() -> Result<std::sync::Arc<dyn crate::backend::Backend>, DashboardError> {
    use_context().ok_or(DashboardError::Unreachable)
}

/// The state of the whole install.
///
/// # Errors
/// As [`Backend`](crate::backend::Backend) says.
#[server(name = ReadOverview, prefix = "/admin/api", endpoint = "overview", input = GetUrl)]
pub async fn overview() -> Result<Answer<Overview>, DashboardError> {
    let backend = backend()?;
    let generated_at = backend.now();
    Ok(Answer { generated_at, data: backend.overview(generated_at).await? })
}

/// One page of batches, newest first.
///
/// # Errors
/// As [`Backend`](crate::backend::Backend) says.
#[server(name = ReadBatches, prefix = "/admin/api", endpoint = "batches", input = GetUrl)]
pub async fn batches(
    /// Counted from 1.
    page: u32,
    /// Only batches in this state; all where none is given.
    state: Option<BatchState>,
) -> Result<Answer<BatchPage>, DashboardError> {
    let backend = backend()?;
    let query = crate::model::BatchQuery { page: page.max(1), state };
    Ok(Answer { generated_at: backend.now(), data: backend.batches(&query).await? })
}

/// One batch.
///
/// # Errors
/// As [`Backend`](crate::backend::Backend) says.
#[server(name = ReadBatch, prefix = "/admin/api", endpoint = "batch", input = GetUrl)]
pub async fn batch(
    /// The batch's UUID.
    id: String,
) -> Result<Answer<BatchDetail>, DashboardError> {
    let backend = backend()?;
    Ok(Answer { generated_at: backend.now(), data: backend.batch(&id).await? })
}

/// The dictionary with the latest values.
///
/// # Errors
/// As [`Backend`](crate::backend::Backend) says.
#[server(name = ReadMetrics, prefix = "/admin/api", endpoint = "metrics", input = GetUrl)]
pub async fn metrics() -> Result<Answer<MetricList>, DashboardError> {
    let backend = backend()?;
    Ok(Answer { generated_at: backend.now(), data: backend.metrics().await? })
}

/// One metric over time.
///
/// # Errors
/// As [`Backend`](crate::backend::Backend) says.
#[server(name = ReadMetricHistory, prefix = "/admin/api", endpoint = "metric-history", input = GetUrl)]
pub async fn metric_history(
    /// The metric's key.
    key: String,
) -> Result<Answer<MetricHistory>, DashboardError> {
    let backend = backend()?;
    Ok(Answer { generated_at: backend.now(), data: backend.metric_history(&key).await? })
}

/// Every collector.
///
/// # Errors
/// As [`Backend`](crate::backend::Backend) says.
#[server(name = ReadCollectors, prefix = "/admin/api", endpoint = "collectors", input = GetUrl)]
pub async fn collectors() -> Result<Answer<CollectorList>, DashboardError> {
    let backend = backend()?;
    Ok(Answer { generated_at: backend.now(), data: backend.collectors().await? })
}
