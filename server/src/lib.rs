//! Usage telemetry for OpenHands Enterprise that hides nothing from its administrators: the server, its jobs and its
//! commands.

pub mod cli;
pub mod config;
pub mod demo;
pub mod http;
pub mod install;
pub mod jobs;
pub mod services;

mod logging;
mod ui;
