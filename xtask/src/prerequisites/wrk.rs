//! A load generator.

use super::{Prerequisite, Source};
use crate::process::find;

pub(crate) const WRK: Prerequisite = Prerequisite {
    name: "wrk",
    why: "the benchmark puts the license status under load with it",
    present: || find("wrk").is_some(),
    source: Source::Debian { packages: &["wrk"], elsewhere: "wrk, for instance `brew install wrk`" },
};
