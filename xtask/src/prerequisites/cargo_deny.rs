//! `cargo deny`.

use super::{Prerequisite, Source, cargo_tool};

const VERSION: &str = "0.20.2";

pub(crate) const CARGO_DENY: Prerequisite = Prerequisite {
    name: "cargo-deny",
    why: "it checks licences, bans, sources and advisories of the dependencies (compiled once, about a minute)",
    present: || cargo_tool::is_installed("cargo-deny", VERSION),
    source: Source::Registry(|| cargo_tool::install("cargo-deny", VERSION, "--no-default-features")),
};
