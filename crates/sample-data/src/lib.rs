//! Tables and rows as OpenHands Enterprise has them: half a year of a growing install, from a seed.
//!
//! The demo, the tests and the benchmark fill their databases with [`create_tables`] and [`generate`]. The tables are those that
//! the metrics are made from, with all their columns, in each of the generations that [`Tables`] names. The rows are made up, and so are all
//! names, keys and tokens in them.

mod bitbucket_rows;
mod calendar;
mod conversation;
mod conversation_rows;
mod copy;
mod cost_rows;
mod generate;
mod integrations;
mod key_rows;
mod login_rows;
mod made_up;
mod older_conversations;
mod older_users;
mod organization_rows;
mod organizations;
mod past;
mod past_views;
mod plan;
mod random;
mod repositories;
mod start_rows;
mod tables;
mod today_conversations;
mod today_users;
mod users;

pub use generate::generate;
pub use past::{as_of, create_past};
pub use plan::{History, Plan, Summary};
pub use tables::{Tables, create_older_telemetry_tables, create_tables};
