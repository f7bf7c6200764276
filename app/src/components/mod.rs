//! The parts that pages are made of. One file each; its style sheet has the same name.

mod attempt_table;
mod badge;
mod chart;
mod copy_button;
mod empty_state;
mod error_state;
mod identifier;
mod json;
mod loaded;
mod missing_metrics;
mod page_header;
mod pagination;
mod panel;
mod quantity;
mod relative_time;
mod skeleton;
mod sparkline;

pub(crate) use attempt_table::AttemptTable;
pub(crate) use badge::{attempt_badge, batch_badge, collector_badge, license_badge, license_tone};
pub(crate) use chart::Chart;
pub(crate) use copy_button::CopyButton;
pub(crate) use empty_state::EmptyState;
pub(crate) use error_state::ErrorState;
pub(crate) use identifier::Identifier;
pub(crate) use json::Json;
pub(crate) use loaded::Loaded;
pub(crate) use missing_metrics::run_detail;
pub(crate) use page_header::PageHeader;
pub(crate) use pagination::Pagination;
pub(crate) use panel::Panel;
pub(crate) use quantity::Quantity;
pub(crate) use relative_time::{ExactTime, RelativeTime};
pub(crate) use skeleton::Skeleton;
pub(crate) use sparkline::Sparkline;
