//! What the browser tests are written with.

use std::path::PathBuf;

use super::{Prerequisite, Source, npm};
use crate::workspace;

pub(crate) const END2END_PACKAGES: Prerequisite = Prerequisite {
    name: "npm packages of end2end/",
    why: "the browser tests are written with Playwright",
    present: || npm::is_installed(&project()),
    source: Source::Registry(|| npm::install(&project())),
};

fn project() -> PathBuf {
    workspace::root().join("end2end")
}
