//! `cargo llvm-cov`.

use super::{Prerequisite, Source, cargo_tool};

const VERSION: &str = "0.9.1";

pub(crate) const CARGO_LLVM_COV: Prerequisite = Prerequisite {
    name: "cargo-llvm-cov",
    why: "it measures which lines the tests run",
    present: || cargo_tool::is_installed("cargo-llvm-cov", VERSION),
    source: Source::Registry(|| cargo_tool::install("cargo-llvm-cov", VERSION, "")),
};
