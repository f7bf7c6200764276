//! The state of the whole install.

use chrono::{DateTime, Utc};
use domain::administrator::AdministratorStep;
use domain::license::{LicenseFacts, LicenseStatus};
use serde::{Deserialize, Serialize};

use super::Attempt;

/// What the first page shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// What users see, and why.
    pub license: License,
    /// When metrics were and will be collected.
    pub collection: RunTimes,
    /// When batches were and will be delivered.
    pub upload: RunTimes,
    /// Who this install is to the vendor.
    pub identity: Identity,
    /// What waits.
    pub backlog: Backlog,
    /// How talking to the vendor goes.
    pub vendor: Vendor,
    /// Clocks that disagree with the server's by more than is tolerated; usually none.
    pub clocks_off: Vec<ClockOff>,
}

/// A clock that disagrees with the server's, by which the schedule and the license go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockOff {
    /// Whose: `database` or `vendor`.
    pub clock: String,
    /// By how much it is ahead; negative where it is behind.
    pub ahead_seconds: i64,
}

/// The license status and the facts that it follows from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct License {
    /// The same that `GET /api/license-status` answers.
    pub status: LicenseStatus,
    /// What the rule looked at.
    pub facts: LicenseFacts,
}

/// The last and the next run of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunTimes {
    /// The last one that came to a result: a stored, or a delivered, batch.
    pub last: Option<DateTime<Utc>>,
    /// When the next one is due; `None` if no process runs jobs on a schedule.
    pub next: Option<DateTime<Utc>>,
}

/// Who this install is to the vendor. Never an e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Given by the vendor; none before the first administrator's e-mail address is known.
    pub customer_id: Option<String>,
    /// Given by the vendor.
    pub instance_id: Option<String>,
    /// Ours, stable for the life of the database.
    pub cluster_id: String,
    /// The latest look-up of the administrator's address; none before the first.
    pub administrator: Option<AdministratorLookup>,
}

/// A look-up of the administrator's address. The address itself is never part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdministratorLookup {
    /// When it was looked up.
    pub at: DateTime<Utc>,
    /// What that came to.
    pub answer: AdministratorAnswer,
}

/// What a look-up came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdministratorAnswer {
    /// This step has an address.
    Found(AdministratorStep),
    /// No step has one yet.
    Nobody,
    /// It could not be asked.
    Failed {
        /// Why, in words.
        error: String,
        /// What an administrator can do.
        remedy: String,
        /// When it is asked again.
        retry_at: DateTime<Utc>,
    },
}

/// The batches that are not delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backlog {
    /// How many wait.
    pub pending: u64,
    /// When the oldest of those was collected.
    pub oldest_pending: Option<DateTime<Utc>>,
    /// How many the vendor refused for their content.
    pub set_aside: u64,
}

/// How talking to the vendor goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vendor {
    /// The vendor's address: scheme, host and port, without credentials.
    pub base_url: String,
    /// The newest attempts to deliver, newest first; five are enough.
    pub attempts: Vec<Attempt>,
}
