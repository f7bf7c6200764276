//! Reads usage numbers from the database of OpenHands Enterprise (OHE).
//!
//! Every collector is one file in `src/collectors` that registers itself. Most are a table of [`Measure`]s,
//! aggregates over OHE's tables, which all collectors together take in one statement; see
//! `docs/adding-a-collector.md`.

mod administrators;
mod collector;
mod collectors;
mod connection;
mod error;
pub mod grants;
mod measure;
pub mod metrics_page;
mod missing;
mod registry;
mod run;
mod schema;
mod snapshot;
pub mod sources;
mod statement;
mod template;

pub use administrators::{ADMINISTRATOR_COLUMNS, AdministratorError, AdministratorLookup, look_up_administrator};
pub use collector::{MetricsCollector, Registration};
pub use connection::connect;
pub use error::{CollectError, CollectorError};
pub use measure::{Formula, Groups, Measure, Silence, Source};
pub use missing::NOT_READABLE;
pub use registry::Registry;
pub use run::{Collection, CollectionOptions, collect};
pub use schema::{Column, Schema};
pub use snapshot::Snapshot;
