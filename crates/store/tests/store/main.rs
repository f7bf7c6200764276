//! The store against a real PostgreSQL. One program, so that one server serves all tests.

#![expect(clippy::unwrap_used, reason = "a test ends at its first surprise, and so do the functions it shares")]

mod audit;
mod batches;
mod delivery;
mod errors;
mod exclusive_right;
mod facts;
mod identity;
mod line;
mod migrations;
mod rights;
mod samples;
