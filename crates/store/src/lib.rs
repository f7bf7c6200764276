//! The tables of OHE Telemetry: batches, delivery attempts, identity, audit log, and their migrations.

mod attempts;
mod audit;
mod batches;
mod error;
mod identity;
mod migrator;
mod sender_lock;
mod state;
mod store;
mod text;

pub use attempts::{Attempt, Call, Failure};
pub use audit::{AuditEntry, NewAuditEntry};
pub use batches::{
    Batch, BatchCounts, BatchCursor, BatchDetail, BatchState, BatchSummary, Insertion, MetricPoint, NewBatch, RunRecord,
};
pub use error::StoreError;
pub use identity::{Identity, IdentityUpdate};
pub use migrator::SchemaState;
pub use sender_lock::SenderLock;
pub use state::StoreFacts;
pub use store::{Store, connect};
