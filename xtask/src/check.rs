//! `cargo xtask check` and `cargo xtask lint`: what one does a hundred times a day.

use anyhow::Result;

use crate::packages::{Group, browser, host, published};
use crate::prerequisites::{WASM_TARGET, ensure};
use crate::process::{cargo, run};
use crate::stages::Stages;

/// Compiles everything as far as finding errors takes.
pub(crate) fn check(stages: &mut Stages) -> Result<()> {
    ensure(&[&WASM_TARGET])?;
    for group in groups() {
        stages.run(&format!("check, {}", group.name), || run(&mut group.cargo("check")))?;
    }
    Ok(())
}

/// Formatting and clippy, as `cargo xtask test` has them.
pub(crate) fn lint(stages: &mut Stages) -> Result<()> {
    ensure(&[&WASM_TARGET])?;
    stages.run("format", || run(&mut format()))?;
    for group in groups() {
        stages.run(&format!("clippy, {}", group.name), || run(&mut clippy(&group)))?;
    }
    Ok(())
}

/// Every package, each for what it is compiled for.
pub(crate) fn groups() -> impl Iterator<Item = Group> {
    [host("--all-targets"), published()].into_iter().chain(browser())
}

pub(crate) fn format() -> std::process::Command {
    cargo("fmt --all --check")
}

pub(crate) fn clippy(group: &Group) -> std::process::Command {
    let mut clippy = group.cargo("clippy");
    clippy.args(["--", "--deny", "warnings"]);
    clippy
}
