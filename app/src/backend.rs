//! The port: everything the dashboard needs from the service behind it.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::error::DashboardError;
use crate::model::{BatchDetail, BatchPage, BatchQuery, CollectorList, MetricHistory, MetricList, Overview};

/// What the server functions ask. They find it as an `Arc<dyn Backend>` in Leptos' context, provided anew for each
/// request, so an implementation may know the request it answers (its id goes into [`DashboardError::Failed`]).
///
/// # Errors
/// Every method answers [`DashboardError::Unavailable`] while the database is away, and [`DashboardError::Failed`] for
/// whatever else goes wrong, after the cause was logged.
#[async_trait]
pub trait Backend: Send + Sync {
    /// The server's time. Every relative time on a page is counted from it, in the browser too.
    fn now(&self) -> DateTime<Utc>;

    /// The state of the whole install at `now`.
    async fn overview(&self, now: DateTime<Utc>) -> Result<Overview, DashboardError>;

    /// One page of batches, newest first. A page beyond the last is empty, not an error.
    async fn batches(&self, query: &BatchQuery) -> Result<BatchPage, DashboardError>;

    /// One batch; [`DashboardError::NotFound`] where `id` is none, or not an id at all.
    async fn batch(&self, id: &str) -> Result<BatchDetail, DashboardError>;

    /// The dictionary with the latest values.
    async fn metrics(&self) -> Result<MetricList, DashboardError>;

    /// One metric over time; [`DashboardError::NotFound`] where no collector declares `key`.
    async fn metric_history(&self, key: &str) -> Result<MetricHistory, DashboardError>;

    /// Every registered collector.
    async fn collectors(&self) -> Result<CollectorList, DashboardError>;
}
