//! Who the administrator is, as far as OHE's database tells, on real tables of both generations.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails where it cannot go on")]

mod failures;
mod install;
#[path = "../ohe/mod.rs"]
mod ohe;
mod orgs;
mod settings;
