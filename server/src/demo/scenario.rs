//! The stories that the demo tells.

use chrono::{DateTime, TimeDelta, Utc};
use clap::ValueEnum;
use replicated::simulator::{Fault, Simulator};

/// A story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// Half a year in which every batch was delivered.
    Healthy,
    /// A new install; its first batch is on its way.
    Fresh,
    /// The vendor has not been reached for two weeks, and users are warned.
    Failing,
    /// The vendor has not been reached for so long that the license has ended.
    Expired,
}

impl Scenario {
    /// The word on the command line and in names of files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Fresh => "fresh",
            Self::Failing => "failing",
            Self::Expired => "expired",
        }
    }

    pub(super) fn story(self) -> &'static str {
        match self {
            Self::Healthy => "half a year in which every batch was delivered",
            Self::Fresh => "a new install, whose first batch is delivered within seconds",
            Self::Failing => "the vendor has not been reached for two weeks; users are warned",
            Self::Expired => "the vendor has not been reached for weeks; the license has ended",
        }
    }

    /// How long ago the vendor stopped answering.
    pub(super) fn outage(self) -> Option<TimeDelta> {
        match self {
            Self::Healthy | Self::Fresh => None,
            Self::Failing => Some(TimeDelta::days(14)),
            Self::Expired => Some(TimeDelta::days(50)),
        }
    }

    pub(super) fn outage_began(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.outage().map(|ago| now - ago)
    }

    /// Users and conversations of the sample data, and over how many days they came.
    pub(super) fn size(self) -> (u32, u32, u32) {
        match self {
            Self::Fresh => (14, 220, 21),
            _ => (240, 9_000, 182),
        }
    }

    /// Makes the vendor behave as the story wants it.
    pub(super) fn arm(self, vendor: &Simulator) {
        if self.outage().is_some() {
            let message = Some("The service is temporarily unavailable.".to_owned());
            vendor.fail(Fault::Status { status: 503, message, retry_after: None }.into());
        }
    }
}
