//! What to generate, and what was.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

/// What to generate. Equal plans make equal rows, down to the ids.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Decides every choice.
    pub seed: u64,
    /// Users that have accepted the terms of service or loaded their settings; the first is there from the first instant on.
    pub users: u32,
    /// Rows of `conversation_metadata`.
    pub conversations: u32,
    /// The last instant: now, as the data see it. A few rows lie behind it, as clocks disagree.
    pub until: DateTime<Utc>,
    /// How many days the data go back; at least 1, at most 3650.
    pub days: u32,
    /// Whether the user with the earliest terms of service has an e-mail address (`admin@acme.example`), the only one then.
    pub admin_email: bool,
}

impl Plan {
    /// Half a year (182 days) up to `until` of an install whose administrator has an e-mail address.
    pub fn half_a_year(until: DateTime<Utc>, users: u32, conversations: u32) -> Self {
        Self { seed: 1, users, conversations, until, days: 182, admin_email: true }
    }
}

/// How much was generated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Rows by table.
    pub tables: BTreeMap<&'static str, u64>,
}

impl Summary {
    /// Rows in all tables.
    pub fn rows(&self) -> u64 {
        self.tables.values().sum()
    }

    pub(crate) fn add(&mut self, (table, rows): (&'static str, u64)) {
        *self.tables.entry(table).or_default() += rows;
    }
}
