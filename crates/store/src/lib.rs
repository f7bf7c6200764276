//! The tables of OHE Telemetry: batches, delivery attempts, identity, audit log, and their migrations.

mod administrator_lookup;
mod attempts;
mod audit;
mod batches;
mod error;
mod exclusive_right;
mod identity;
mod migrator;
mod rights;
mod sessions;
mod state;
mod store;
mod text;

pub use administrator_lookup::{LookupRecord, LookupResult, LookupTurn};
pub use attempts::{Attempt, Call, Failure};
pub use audit::{AuditEntry, NewAuditEntry};
pub use batches::{
    Batch, BatchCounts, BatchCursor, BatchDetail, BatchState, BatchSummary, Insertion, MetricPoint, NewBatch,
    RunRecord, WaitingBatch,
};
pub use error::StoreError;
pub use exclusive_right::ExclusiveRight;
pub use identity::{Identity, Registration};
pub use migrator::SchemaState;
pub use state::StoreFacts;
pub use store::{Store, connect};
