//! The license rule over months of random lives, driven through the functions that the service uses.

#![expect(clippy::unwrap_used, reason = "a test that lacks its parts cannot go on")]

mod install;
mod life;
mod property;
