//! What to generate, and what was.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::Tables;

/// What to generate. Equal plans make equal rows, down to the ids.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Decides every choice.
    pub seed: u64,
    /// People who have an account, whether or not they ever got in; the first is there from the first instant on.
    pub users: u32,
    /// Conversations, those that were deleted not counted.
    pub conversations: u32,
    /// The last instant: now, as the data see it. A few rows lie behind it, as clocks disagree.
    pub until: DateTime<Utc>,
    /// How many days the data go back; at least 1, at most 3650.
    pub days: u32,
    /// Whether the first user has an e-mail address (`admin@acme.example`). Where not, nobody has one. On generation settings no
    /// other user has one in any case.
    pub admin_email: bool,
    /// The tables that the rows are for: those that [`crate::create_tables`] has created.
    pub tables: Tables,
    /// What the install has been through.
    pub history: History,
}

/// What an install has been through. It makes a difference on the tables of 2026 alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum History {
    /// All rows were written by the release of OHE whose tables they are in.
    #[default]
    Fresh,
    /// The install began on generation settings and was upgraded in the middle of the plan's days. Who had joined before has a
    /// row in `user_settings`; who came back after it was migrated, and has a row in `"user"` too; who did not has none.
    /// Conversations from before it are as the older release wrote them, and name their owners themselves.
    Upgraded,
}

impl Plan {
    /// Half a year (182 days) up to `until` of an install of today whose administrator has an e-mail address.
    pub fn half_a_year(until: DateTime<Utc>, users: u32, conversations: u32) -> Self {
        Self {
            seed: 1,
            users,
            conversations,
            until,
            days: 182,
            admin_email: true,
            tables: Tables::Orgs,
            history: History::Fresh,
        }
    }
}

impl Plan {
    /// When the install was upgraded from generation settings, if it was.
    pub(crate) fn upgraded_at(&self) -> Option<DateTime<Utc>> {
        let upgraded = self.history == History::Upgraded && self.tables.has_organizations();
        upgraded.then(|| self.until - TimeDelta::hours(i64::from(self.days.clamp(1, 3650)) * 12))
    }

    /// Whether OHE of generation settings writes what happens at `instant`.
    pub(crate) fn is_before_organizations(&self, instant: DateTime<Utc>) -> bool {
        !self.tables.has_organizations() || self.upgraded_at().is_some_and(|upgrade| instant < upgrade)
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
