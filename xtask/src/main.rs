//! The two commands of the README, and what they are made of.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its output is for a person at a terminal")]

mod architecture;
mod bench;
mod check;
mod cli;
mod coverage;
mod demo;
mod end2end;
mod packages;
mod prerequisites;
mod process;
mod stages;
mod test;
mod wasm;
mod workspace;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    match cli::Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
