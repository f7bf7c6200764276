//! What the pages show. Plain data that crosses from the server to the browser as JSON; times are UTC.

mod answer;
mod batch;
mod collector;
mod metric;
mod overview;

pub use answer::Answer;
pub use batch::{
    Attempt, AttemptOutcome, BatchCounts, BatchDetail, BatchPage, BatchQuery, BatchRef, BatchState, BatchSummary,
};
pub use collector::{CollectorList, CollectorSummary, LastRun, TableRead};
pub use metric::{HISTORY_LIMIT, MetricHistory, MetricList, MetricPoint, MetricSummary, RECENT_LIMIT};
pub use overview::{
    AdministratorAnswer, AdministratorLookup, Backlog, ClockOff, Identity, License, Overview, RunTimes, Vendor,
};
