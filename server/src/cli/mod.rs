//! The command line: parse and dispatch.
//!
//! Results go to standard output, as JSON unless that is a terminal; logs go to standard error. Exit code 0: done or skipped;
//! 1: failed; 2: wrong use or configuration.

mod collect;
mod config;
mod demo;
mod doctor;
mod enqueue;
mod identity;
mod migrate;
mod output;
mod serve;
mod status;
mod upload;
mod vendor_simulator;
mod words;

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use collectors::CollectError;
use domain::clock::SystemClock;
use store::StoreError;

use crate::config::{Config, ConfigError};
use crate::install::{Install, PrepareError};
use crate::logging;
use crate::services::{CollectionError, StartError};

use self::output::Output;

/// Usage telemetry for OpenHands Enterprise that hides nothing from its administrators.
#[derive(Debug, Parser)]
#[command(version, about, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Print results as JSON, on a terminal too.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the web server and the jobs.
    Serve(serve::Serve),
    /// Run the jobs alone.
    Worker,
    /// Put what is due into its queue, once per schedule slot.
    Enqueue(enqueue::Enqueue),
    /// Collect a batch now, in this process.
    Collect(collect::Collect),
    /// Deliver all waiting batches now, in this process.
    Upload,
    /// Show what users see, and why.
    Status(status::Status),
    /// Show who this install is to the vendor, or register it anew.
    Identity(identity::Identity),
    /// Make our tables, or bring them up to date.
    Migrate(migrate::Migrate),
    /// Check everything this install needs, and say what to do about what is missing.
    Doctor,
    /// Show the configuration in force and where each value came from.
    Config,
    /// See it all on this machine alone: a private database with sample data, a vendor, the dashboard.
    Demo(demo::Demo),
    /// Run a portal that answers like the vendor's, to try things against.
    VendorSimulator(vendor_simulator::VendorSimulator),
}

/// A command that failed, and whose printed result says so already.
#[derive(Debug, thiserror::Error)]
#[error("the result says what failed")]
struct Reported;

impl Cli {
    /// Runs the command to its end.
    pub fn run(self) -> ExitCode {
        logging::start(Config::log_filter().as_deref());
        let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return report(&error.into()),
        };
        match runtime.block_on(self.command.run(Output::of_process(self.json))) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => report(&error),
        }
    }
}

impl Command {
    async fn run(self, output: Output) -> anyhow::Result<()> {
        match self {
            Self::Serve(serve) => serve.run().await,
            Self::Worker => serve::worker().await,
            Self::Enqueue(enqueue) => enqueue.run(output).await,
            Self::Collect(collect) => collect.run(output).await,
            Self::Upload => upload::run(output).await,
            Self::Status(status) => status.run(output).await,
            Self::Identity(identity) => identity.run(output).await,
            Self::Migrate(migrate) => migrate.run(output).await,
            Self::Doctor => doctor::run(output).await,
            Self::Config => config::run(output),
            Self::Demo(demo) => Box::pin(demo.run()).await,
            Self::VendorSimulator(simulator) => simulator.run().await,
        }
    }
}

fn report(error: &anyhow::Error) -> ExitCode {
    if !error.is::<Reported>() {
        // Standard error may be closed; then there is nobody left to tell.
        let _gone = writeln!(std::io::stderr(), "ohe-telemetry: {error:#}");
    }
    ExitCode::from(if is_misuse(error) { 2 } else { 1 })
}

/// Is it for whoever runs the program to call or to configure it in another way?
fn is_misuse(error: &anyhow::Error) -> bool {
    let of_start = error.downcast_ref::<StartError>();
    let of_collection = error.downcast_ref::<CollectionError>();
    let of_database = error.downcast_ref::<PrepareError>();
    error.is::<ConfigError>()
        || of_start.is_some_and(|error| !matches!(error, StartError::Dictionary(_)))
        || matches!(of_database, Some(PrepareError::Store(StoreError::PooledTransactions)))
        || matches!(of_collection, Some(CollectionError::Collect(CollectError::UnknownCollector { .. })))
}

/// What every command works with. Connects to nothing yet.
fn install() -> anyhow::Result<Arc<Install>> {
    Ok(Install::new(&Config::from_process()?, Arc::new(SystemClock))?)
}

/// What a command works with that acts on our tables. It brings none up to date: only `migrate`, `serve` and `worker` do.
async fn prepared_install() -> anyhow::Result<Arc<Install>> {
    let install = install()?;
    install.require_prepared().await?;
    Ok(install)
}
