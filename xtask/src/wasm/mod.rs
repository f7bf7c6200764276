//! The files that browsers get: WebAssembly bundles and style sheets, built into `target/site`.

mod asset;
mod bundle;
mod record;
mod site;
mod style;

use anyhow::Result;
use clap::ValueEnum;

use crate::prerequisites::{BINARYEN, WASM_TARGET, ensure};
use crate::stages::Stages;

/// The crates that become a bundle each.
const BUNDLES: [&str; 1] = ["dashboard"];

/// How much work goes into making the files small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    /// Quickly built: for the demo and the tests.
    Dev,
    /// As small as can be: for a release.
    Release,
}

impl Profile {
    fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Release => "release",
        }
    }
}

/// Builds what has changed of the site, as `profile` has it.
///
/// # Errors
///
/// Where a prerequisite is missing or a build fails.
pub(crate) fn build(profile: Profile, stages: &mut Stages) -> Result<()> {
    match profile {
        Profile::Dev => ensure(&[&WASM_TARGET])?,
        Profile::Release => ensure(&[&WASM_TARGET, &BINARYEN])?,
    }
    let mut records = Vec::new();
    for name in BUNDLES {
        records.push(stages.run(&format!("WebAssembly, {name}"), || bundle::build(name, profile))?);
    }
    records.push(stages.run("style sheets", || style::build(profile))?);
    site::assemble(profile, &records)
}
