//! The program `ohe-telemetry`.

use std::process::ExitCode;

use clap::Parser as _;
use ohe_telemetry::cli::Cli;

fn main() -> ExitCode {
    Cli::parse().run()
}
