//! Background jobs. apalis lives in this folder and nowhere else; what a job does is one call of a service.

mod housekeeping;
mod queue;
mod tables;
mod ticker;
mod worker;

use chrono::{DateTime, Utc};
use domain::schedule::Work;
use serde::{Deserialize, Serialize};

pub use queue::{Enqueued, JobQueue, JobQueueError};
pub use ticker::enqueue_what_is_due;
pub use worker::{JobLimits, run};

/// The queue of collections.
pub const COLLECT_QUEUE: &str = "telemetry-collect";
/// The queue of whatever talks to the vendor.
pub const UPLOAD_QUEUE: &str = "telemetry-upload";

/// The payload of a job in [`COLLECT_QUEUE`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectJob {
    /// The schedule slot to collect for; none for an install's first batch.
    pub slot: Option<DateTime<Utc>>,
}

/// The payload of a job in [`UPLOAD_QUEUE`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
pub enum UploadJob {
    /// Deliver all waiting batches.
    Deliver,
    /// Tell the vendor that this install is alive.
    CheckIn,
}

/// A piece of work as a job of its queue.
enum Job {
    Collect(CollectJob),
    Upload(UploadJob),
}

impl From<&Work> for Job {
    fn from(work: &Work) -> Self {
        match work {
            Work::Collect { slot } => Self::Collect(CollectJob { slot: *slot }),
            Work::Upload => Self::Upload(UploadJob::Deliver),
            Work::CheckIn => Self::Upload(UploadJob::CheckIn),
        }
    }
}
