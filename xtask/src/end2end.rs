//! The programs of end2end/: Playwright and the TypeScript compiler.

use std::ffi::OsStr;
use std::process::Command;

use anyhow::{Context as _, Result};
use clap::Args;

use crate::prerequisites::{CHROMIUM, END2END_PACKAGES, POSTGRESQL, chromium, ensure};
use crate::process::{command, run};
use crate::stages::Stages;
use crate::wasm::{self, Profile};
use crate::{demo, workspace};

/// A program that npm installed there.
pub(crate) fn program<S: AsRef<OsStr>>(name: &str, words: &[S]) -> Command {
    let project = workspace::root().join("end2end");
    let mut command = command(project.join("node_modules/.bin").join(name), words);
    command.current_dir(project);
    command
}

/// `playwright test`, which finds in its environment what it is to drive.
pub(crate) fn playwright(words: &[&str]) -> Result<Command> {
    let mut playwright = program("playwright", &[&["test"], words].concat());
    playwright
        .env("OHE_TELEMETRY_PROGRAM", workspace::debug_program("ohe-telemetry")?)
        .env("CHROMIUM_PROGRAM", chromium::program().context("Chromium is missing")?)
        .env("TARGET_DIRECTORY", workspace::target()?);
    Ok(playwright)
}

/// Screenshots of all pages, light and dark, wide and narrow, into target/screenshots.
#[derive(Debug, Args)]
pub(crate) struct Screenshots {
    /// Only pages or scenarios whose title matches this regular expression.
    #[arg(long)]
    only: Option<String>,
}

impl Screenshots {
    pub(crate) fn run(&self) -> Result<()> {
        ensure(&[&POSTGRESQL, &CHROMIUM, &END2END_PACKAGES])?;
        let mut stages = Stages::default();
        wasm::build(Profile::Dev, &mut stages)?;
        stages.run("server", demo::build_server)?;
        let only = self.only.iter().map(|pattern| format!("--grep={pattern}")).collect::<Vec<_>>();
        let words = ["--project=screenshots *", "--reporter=line"].into_iter().chain(only.iter().map(String::as_str));
        let mut playwright = playwright(&words.collect::<Vec<_>>())?;
        stages.run("screenshots", || run(&mut playwright))?;
        println!("{}\n\n{}", stages.table(), workspace::target()?.join("screenshots").display());
        Ok(())
    }
}
