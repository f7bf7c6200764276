//! The server against its real parts: PostgreSQL, the vendor simulator over a socket, the binary itself.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that lacks its parts cannot go on")]

mod admin_email;
mod authority;
mod build_script;
mod clocks;
mod collection;
#[path = "../support/command.rs"]
mod command;
mod commands;
mod connections;
mod database_tls;
mod delivery;
mod demo;
mod fixture;
mod identity;
mod identity_interleavings;
mod jobs;
mod license;
mod pooler;
mod renewal;
mod rights;
mod terminal;
mod web;
