//! The command line: parse and dispatch.

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::stages::Stages;
use crate::{bench, check, coverage, demo, end2end, prerequisites, test, wasm};

/// The two commands of the README, `demo` and `test`, and what they are made of.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask")]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Demo),
    Test(test::Test),
    /// Find errors quickly: `cargo check`, by package and target.
    Check,
    /// Format and clippy, by package and target.
    Lint,
    /// Build the WebAssembly bundles and style sheets into target/site.
    Wasm {
        /// As small as can be, as a release has them.
        #[arg(long)]
        release: bool,
    },
    /// Which part of the lines the tests run, by crate; fails below 90 %.
    Coverage,
    Bench(bench::Bench),
    /// Build the npm package of the license banner, as a release has it, into frontend/banner/pkg.
    NpmPackage,
    Screenshots(end2end::Screenshots),
    /// List what the commands need and whether this machine has it.
    Prerequisites,
}

impl Cli {
    pub(crate) fn run(self) -> Result<()> {
        match self.command {
            Command::Demo(demo) => demo.run(),
            Command::Test(test) => test.run(),
            Command::Check => with_table(check::check),
            Command::Lint => with_table(check::lint),
            Command::Wasm { release: false } => with_table(|stages| wasm::build(wasm::Profile::Dev, stages)),
            Command::Wasm { release: true } => with_table(|stages| wasm::build(wasm::Profile::Release, stages)),
            Command::Coverage => coverage::run_tests(),
            Command::Bench(bench) => bench.run(),
            Command::NpmPackage => {
                with_table(|stages| wasm::npm_package(stages).map(|path| println!("{}", path.display())))
            }
            Command::Screenshots(screenshots) => screenshots.run(),
            Command::Prerequisites => {
                prerequisites::list();
                Ok(())
            }
        }
    }
}

/// Runs stages and closes with their table, whatever came of them.
fn with_table(work: impl FnOnce(&mut Stages) -> Result<()>) -> Result<()> {
    let mut stages = Stages::default();
    let result = work(&mut stages);
    println!("{}", stages.table());
    result
}
