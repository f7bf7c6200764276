//! `cargo xtask demo`.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};

use crate::prerequisites::{POSTGRESQL, WASM_TARGET, ensure};
use crate::process::{cargo, command, run};
use crate::stages::Stages;
use crate::wasm::{self, Profile};
use crate::workspace;

/// Build everything and run it on this machine alone: database, vendor, dashboard.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Start over: forget the data of earlier runs.
    #[arg(long)]
    reset: bool,
    /// The story that the sample data tell.
    #[arg(long, value_enum)]
    scenario: Option<Scenario>,
    /// Which of OHE's databases the sample data are in: `orgs` (today's, the default) or `settings`.
    #[arg(long)]
    generation: Option<String>,
    /// The port to serve on.
    #[arg(long)]
    port: Option<u16>,
    /// Where the data are kept between runs.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Scenario {
    /// An install that delivers.
    Healthy,
    /// An install without users yet.
    Fresh,
    /// An install whose vendor cannot be reached.
    Failing,
    /// An install whose license has expired.
    Expired,
}

impl Demo {
    /// Ends only where something fails: the demo takes this process over, so that signals and the exit code are its own.
    pub(crate) fn run(&self) -> Result<()> {
        ensure(&[&POSTGRESQL, &WASM_TARGET])?;
        let mut stages = Stages::default();
        wasm::build(Profile::Dev, &mut stages)?;
        stages.run("server", build_server)?;
        println!("{}", stages.table());
        let program = workspace::debug_program("ohe-telemetry")?;
        let error = command(&program, self.arguments()).exec();
        Err(error).with_context(|| format!("cannot start {}", program.display()))
    }

    fn arguments(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec!["demo".into()];
        if self.reset {
            arguments.push("--reset".into());
        }
        if let Some(scenario) = self.scenario.and_then(|scenario| scenario.to_possible_value()) {
            arguments.extend(["--scenario".into(), scenario.get_name().into()]);
        }
        if let Some(generation) = &self.generation {
            arguments.extend(["--generation".into(), generation.into()]);
        }
        if let Some(port) = self.port {
            arguments.extend(["--port".into(), port.to_string().into()]);
        }
        if let Some(directory) = &self.data_dir {
            arguments.extend(["--data-dir".into(), directory.into()]);
        }
        arguments
    }
}

/// Builds `target/debug/ohe-telemetry`.
pub(crate) fn build_server() -> Result<()> {
    run(&mut cargo("build --package ohe-telemetry --bin ohe-telemetry"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_given_is_handed_on() {
        let nothing = Demo { reset: false, scenario: None, generation: None, port: None, data_dir: None };
        assert_eq!(nothing.arguments(), ["demo"]);
        let all = Demo {
            reset: true,
            scenario: Some(Scenario::Failing),
            generation: Some("settings".into()),
            port: Some(4000),
            data_dir: Some("kept".into()),
        };
        assert_eq!(
            all.arguments(),
            [
                "demo",
                "--reset",
                "--scenario",
                "failing",
                "--generation",
                "settings",
                "--port",
                "4000",
                "--data-dir",
                "kept"
            ]
        );
    }
}
