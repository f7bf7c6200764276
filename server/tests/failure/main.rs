//! The service under failure: killed processes, a database that stops, fills up or takes no writes, a vendor that fails in
//! every way, and twelve hours in some seconds. Whatever happens, waiting is enough: every batch arrives, in order, and
//! what is recorded is true.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that lacks its parts cannot go on")]

mod bootstrap;
#[path = "../support/command.rs"]
mod command;
mod configuration;
mod database;
mod deliveries;
mod graceful_shutdown;
mod kills;
mod license_status;
mod misbehaving_jobs;
mod no_writes;
mod order;
mod picky;
mod program;
mod replicas;
mod simulation;
mod twelve_hours;
mod vendor;
mod wait;
mod world;
