//! Batches: one row for each collection, with what its collectors did.

mod line;
mod mark;
mod read;
mod write;

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::collector::{CollectorRun, MissingMetrics};
use domain::metric::MetricValue;
use domain::ohe::OheDatabase;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::Attempt;

pub use line::WaitingBatch;
pub(crate) use line::portal;
pub(crate) use mark::{mark_delivered, mark_failed, set_refused_aside};

/// A collection that is to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct NewBatch {
    /// The instant that every metric describes.
    pub collected_at: DateTime<Utc>,
    /// The schedule slot it was made for; none for an install's first and for one made by hand.
    pub slot: Option<DateTime<Utc>>,
    /// OHE's database as the collection found it.
    pub database: OheDatabase,
    /// Did somebody ask for it outside the schedule? Then it has no slot, and moves none.
    pub by_hand: bool,
    /// The metrics that were had, by key.
    pub metrics: BTreeMap<String, MetricValue>,
    /// What each collector did, those without metrics included.
    pub runs: Vec<CollectorRun>,
}

/// What storing a collection came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Insertion {
    /// A new batch, with this id.
    Created(Uuid),
    /// There already was a batch for that slot, with this id; nothing was stored.
    AlreadyCollected(Uuid),
}

impl Insertion {
    /// The id of the batch, new or old.
    pub fn id(self) -> Uuid {
        match self {
            Self::Created(id) | Self::AlreadyCollected(id) => id,
        }
    }
}

/// Where a batch is on its way to the vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BatchState {
    /// Waits for delivery.
    Pending,
    /// The vendor has it.
    Delivered,
    /// The vendor refused its content; tried again only by hand.
    SetAside,
}

impl BatchState {
    /// A stable word: `pending`, `delivered`, `set_aside`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::SetAside => "set_aside",
        }
    }
}

/// A batch with its metrics.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Batch {
    /// Its id.
    pub id: Uuid,
    /// The instant that every metric describes.
    pub collected_at: DateTime<Utc>,
    /// The metrics by key, in alphabetical order.
    #[sqlx(rename = "metrics_data", json)]
    pub metrics: Map<String, Value>,
    /// How often its delivery was tried.
    #[sqlx(try_from = "i32")]
    pub upload_attempts: u32,
}

impl Batch {
    /// The place of this batch in the line of those that wait, from which the next part goes on.
    pub fn cursor(&self) -> BatchCursor {
        BatchCursor { collected_at: self.collected_at, id: self.id }
    }
}

/// How many batches there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchCounts {
    /// Waiting for delivery.
    pub pending: u64,
    /// The vendor has them.
    pub delivered: u64,
    /// Refused by the vendor.
    pub set_aside: u64,
}

/// A batch without its metrics.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct BatchSummary {
    /// Its id.
    pub id: Uuid,
    /// The instant that every metric describes.
    pub collected_at: DateTime<Utc>,
    /// The schedule slot it was made for; none for an install's first and for one made by hand.
    pub slot: Option<DateTime<Utc>>,
    /// When it was delivered.
    pub uploaded_at: Option<DateTime<Utc>>,
    /// When it was set aside.
    pub set_aside_at: Option<DateTime<Utc>>,
    /// How often its delivery was tried.
    #[sqlx(try_from = "i32")]
    pub upload_attempts: u32,
    /// Why the last try failed; none once it was delivered.
    pub last_upload_error: Option<String>,
    /// How many metrics it holds.
    #[sqlx(try_from = "i32")]
    pub metric_count: u32,
    /// When the row was written.
    pub created_at: DateTime<Utc>,
    /// When the row last changed.
    pub updated_at: DateTime<Utc>,
}

impl BatchSummary {
    /// Where the batch is on its way to the vendor.
    pub fn state(&self) -> BatchState {
        match (self.uploaded_at, self.set_aside_at) {
            (Some(_), _) => BatchState::Delivered,
            (None, Some(_)) => BatchState::SetAside,
            (None, None) => BatchState::Pending,
        }
    }
}

/// A place in a list of batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchCursor {
    /// Of the last batch seen.
    pub collected_at: DateTime<Utc>,
    /// Of the last batch seen.
    pub id: Uuid,
}

/// All that is known of one batch.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchDetail {
    /// The batch without its metrics.
    pub summary: BatchSummary,
    /// OHE's database as the collection found it; none in batches of an earlier release.
    pub database: Option<OheDatabase>,
    /// The metrics by key, in alphabetical order.
    pub metrics: Map<String, Value>,
    /// What each collector did, by name.
    pub runs: Vec<RunRecord>,
    /// The tries to deliver it, oldest first.
    pub attempts: Vec<Attempt>,
}

/// What one collector did for one batch, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// The batch.
    pub batch_id: Uuid,
    /// When the batch was collected.
    pub collected_at: DateTime<Utc>,
    /// The collector's name.
    pub collector: String,
    /// How it ended: a word of [`domain::collector::CollectorStatus::word`].
    pub status: String,
    /// What went wrong. In runs of an earlier release, also which tables and columns were missing.
    pub detail: Option<String>,
    /// What it could not give, and why; empty in runs of an earlier release.
    pub missing: Vec<MissingMetrics>,
    /// How many metrics it gave to the batch.
    pub metric_count: u32,
    /// How long it took, to the millisecond.
    pub duration: Duration,
}

/// One metric in one batch.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct MetricPoint {
    /// The batch.
    pub batch_id: Uuid,
    /// The instant that it describes.
    pub collected_at: DateTime<Utc>,
    /// The value; `None` if the batch lacks the metric.
    pub value: Option<Value>,
}
