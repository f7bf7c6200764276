//! The files that browsers get: WebAssembly bundles and style sheets, built into `target/site`.

mod asset;
mod banner;
mod bundle;
mod package;
mod record;
mod script;
mod site;
mod style;

use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;

use crate::prerequisites::{BINARYEN, ESBUILD, WASM_TARGET, ensure};
use crate::stages::Stages;

/// How much work goes into making the files small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    /// Quickly built: for the demo and work on the pages.
    Dev,
    /// As small as can be: for a release, and its tests.
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
        Profile::Release => ensure(&[&WASM_TARGET, &BINARYEN, &ESBUILD])?,
    }
    let records = [
        stages.run("WebAssembly, dashboard", || bundle::build("dashboard", profile))?,
        stages.run("WebAssembly, banner", || banner::build(profile))?,
        stages.run("style sheets", || style::build(profile))?,
    ];
    site::assemble(profile, &records)
}

/// Builds the npm package of the banner as a release has it; its directory.
///
/// # Errors
///
/// Where a prerequisite is missing or a build fails.
pub(crate) fn npm_package(stages: &mut Stages) -> Result<PathBuf> {
    ensure(&[&WASM_TARGET, &BINARYEN, &ESBUILD])?;
    stages.run("WebAssembly, banner", || banner::build(Profile::Release))?;
    Ok(package::directory())
}
