//! Tables and rows as OpenHands Enterprise has them: half a year of a growing install, from a seed.
//!
//! The demo, the tests and the benchmark fill their databases with [`create_tables`] and [`generate`]. The tables are those that
//! the metrics are made from, with all their columns, in each of the generations that [`Tables`] names. The rows are made up, and so are all
//! names, keys and tokens in them.

mod calendar;
mod conversation;
mod conversation_rows;
mod copy;
mod generate;
mod integrations;
mod past;
mod plan;
mod random;
mod tables;
mod user_rows;
mod users;

pub use generate::generate;
pub use past::{as_of, create_past};
pub use plan::{History, Plan, Summary};
pub use tables::{Tables, create_older_telemetry_tables, create_tables};
