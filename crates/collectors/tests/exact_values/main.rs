//! Every metric, to its definition, on rows made by hand around each of its boundaries.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails where it cannot go on")]

mod integrations_and_performance;
#[path = "../ohe/mod.rs"]
mod ohe;
mod people_and_conversations;
mod since_2026;

use sample_data::Tables;

/// The least that two timestamps differ by: what lies just outside of a window.
const MICROSECOND: &str = "interval '1 microsecond'";

/// What means the same in every release is tested on each.
const RELEASES: [Tables; 3] = [Tables::Settings, Tables::Orgs154, Tables::Orgs];
