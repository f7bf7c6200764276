//! Batches and the attempts to deliver them.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::collector::CollectorRun;
use domain::delivery::ErrorClass;
use domain::ohe::OheDatabase;
use serde::{Deserialize, Serialize};

/// Where a batch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchState {
    /// Waits to be delivered.
    Pending,
    /// The vendor took it.
    Delivered,
    /// The vendor refused its content; it is tried again only by hand, and no license clock runs on it.
    SetAside,
}

impl BatchState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Delivered, Self::SetAside];

    /// The word that stands for the state in addresses: `pending`, `delivered`, `set_aside`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::SetAside => "set_aside",
        }
    }

    /// The state that `word` stands for.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// Which batches to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchQuery {
    /// Counted from 1.
    pub page: u32,
    /// Only batches in this state; all where none is given.
    pub state: Option<BatchState>,
}

/// One page of the list of batches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchPage {
    /// Newest first.
    pub batches: Vec<BatchSummary>,
    /// What was asked for.
    pub query: BatchQuery,
    /// How many batches a full page has.
    pub page_size: u32,
    /// How many batches there are in each state, on all pages and whatever the filter.
    pub counts: BatchCounts,
}

/// How many batches there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchCounts {
    /// Waiting to be delivered.
    pub pending: u64,
    /// Taken by the vendor.
    pub delivered: u64,
    /// Refused by the vendor for their content.
    pub set_aside: u64,
}

impl BatchCounts {
    /// How many there are in `state`; in all where none is given.
    pub fn of(self, state: Option<BatchState>) -> u64 {
        match state {
            Some(BatchState::Pending) => self.pending,
            Some(BatchState::Delivered) => self.delivered,
            Some(BatchState::SetAside) => self.set_aside,
            None => self.pending + self.delivered + self.set_aside,
        }
    }
}

/// One line of the list of batches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchSummary {
    /// The batch's UUID.
    pub id: String,
    /// When its collection ran.
    pub collected_at: DateTime<Utc>,
    /// Where it stands.
    pub state: BatchState,
    /// When the vendor took it; present if, and only if, it is delivered.
    pub delivered_at: Option<DateTime<Utc>>,
    /// How many metrics it holds.
    pub metric_count: u32,
    /// How often its delivery was tried.
    pub attempts: u32,
    /// What the last failed attempt said, free of secrets; none once it is delivered.
    pub last_error: Option<String>,
}

/// A batch by name: what a link to it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchRef {
    /// The batch's UUID.
    pub id: String,
    /// When its collection ran.
    pub collected_at: DateTime<Utc>,
}

/// Everything known about one batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchDetail {
    /// What the list says of it.
    pub summary: BatchSummary,
    /// OHE's database as the collection found it; none in batches older than this record.
    pub database: Option<OheDatabase>,
    /// How each collector fared; empty for batches older than this record.
    pub runs: Vec<CollectorRun>,
    /// Every attempt, newest first.
    pub attempts: Vec<Attempt>,
    /// The very body that is sent to the vendor, `{"data":{...}}`, to the byte.
    pub payload: String,
}

/// One attempt to deliver a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The UUID of the batch.
    pub batch_id: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How long it took.
    pub duration: Duration,
    /// What it came to.
    pub outcome: AttemptOutcome,
    /// The status of the vendor's reply; `None` if there was no reply.
    pub http_status: Option<u16>,
    /// What went wrong, free of secrets; `None` if nothing did.
    pub error: Option<String>,
}

/// What an attempt came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", content = "class", rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// The vendor took the batch.
    Delivered,
    /// It did not, for a reason of this class.
    Failed(ErrorClass),
}
