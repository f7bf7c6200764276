//! The dashboard on a made-up install.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test that meets what it does not expect fails")]

#[path = "../../fixtures/mod.rs"]
mod fixtures;

mod contrast;
mod pages;
mod server_functions;
