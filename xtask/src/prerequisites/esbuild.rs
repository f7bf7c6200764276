//! `esbuild`, from the npm package of that name.

use std::path::PathBuf;

use super::{Prerequisite, Source, npm};
use crate::workspace;

pub(crate) const ESBUILD: Prerequisite = Prerequisite {
    name: "esbuild",
    why: "it makes the scripts of a release small",
    present: || npm::is_installed(&project()),
    source: Source::Registry(|| npm::install(&project())),
};

/// The program.
pub(crate) fn esbuild() -> PathBuf {
    project().join("node_modules/.bin/esbuild")
}

fn project() -> PathBuf {
    workspace::root().join("xtask/esbuild")
}
