//! `wasm-opt`, from the npm package `binaryen`.

use std::path::PathBuf;

use super::{Prerequisite, Source, npm};
use crate::workspace;

pub(crate) const BINARYEN: Prerequisite = Prerequisite {
    name: "binaryen",
    why: "its wasm-opt makes the WebAssembly of a release small",
    present: || npm::is_installed(&project()),
    source: Source::Registry(|| npm::install(&project())),
};

/// The program.
pub(crate) fn wasm_opt() -> PathBuf {
    project().join("node_modules/.bin/wasm-opt")
}

fn project() -> PathBuf {
    workspace::root().join("xtask/binaryen")
}
