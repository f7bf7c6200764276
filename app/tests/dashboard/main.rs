//! The dashboard on a made-up install.

#[path = "../../fixtures/mod.rs"]
mod fixtures;

mod contrast;
mod pages;
mod server_functions;
