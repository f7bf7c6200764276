//! Cargo subcommands, of a version of ours and in a place of ours.

use std::path::PathBuf;

use anyhow::Result;

use crate::process::{cargo, command, output, run};
use crate::workspace;

/// Where the program `name` is installed.
pub(crate) fn tool(name: &str) -> Result<PathBuf> {
    Ok(workspace::target()?.join("tools/bin").join(name))
}

/// Whether `name` is there in exactly this version.
pub(super) fn is_installed(name: &str, version: &str) -> bool {
    let Ok(program) = tool(name) else { return false };
    let subcommand = name.trim_start_matches("cargo-");
    program.is_file()
        && output(&mut command(program, [subcommand, "--version"]))
            .is_ok_and(|text| text.split_whitespace().last() == Some(version))
}

/// Compiles and installs it. Without optimisation: it runs for seconds, and is compiled for minutes otherwise.
pub(super) fn install(name: &str, version: &str, options: &str) -> Result<()> {
    let root = workspace::target()?.join("tools");
    let mut install = cargo(&format!("install --quiet --locked --debug --force {options} {name}@{version} --root"));
    // Its own settings must not be those of this workspace, which stand in .cargo/config.toml.
    run(install.arg(root).current_dir("/"))
}
