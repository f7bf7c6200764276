//! The metric dictionary with values.

use chrono::{DateTime, Utc};
use domain::metric::{MetricType, MetricValue};
use serde::{Deserialize, Serialize};

use super::BatchRef;

/// How many of the newest batches the line beside a metric's latest value covers.
pub const RECENT_LIMIT: u32 = 26;

/// How many of the newest batches a metric's history covers.
pub const HISTORY_LIMIT: u32 = 520;

/// The whole dictionary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricList {
    /// By key.
    pub metrics: Vec<MetricSummary>,
    /// The batch that the latest values are from; none before the first.
    pub latest_batch: Option<BatchRef>,
}

/// A metric as it is declared, and its latest value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricSummary {
    /// Unique, `snake_case`.
    pub key: String,
    /// The type of every value.
    pub metric_type: MetricType,
    /// What one unit of the value is: `users`, `seconds`, `USD`.
    pub unit: String,
    /// One sentence.
    pub description: String,
    /// The collector that gives it.
    pub owner: String,
    /// Its value in the newest batch; `None` if that batch lacks it.
    pub latest: Option<MetricValue>,
    /// Its values in the newest [`RECENT_LIMIT`] batches that hold it, oldest first; empty where it is not a number.
    pub recent: Vec<f64>,
}

/// A metric over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricHistory {
    /// The metric.
    pub metric: MetricSummary,
    /// One point for each of the newest [`HISTORY_LIMIT`] batches, oldest first.
    pub points: Vec<MetricPoint>,
}

/// A metric's value in one batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricPoint {
    /// The UUID of the batch.
    pub batch_id: String,
    /// When its collection ran.
    pub collected_at: DateTime<Utc>,
    /// None where the batch lacks the metric: unknown is not zero.
    pub value: Option<MetricValue>,
}
