//! A client for the vendor portal of Replicated, and (feature `simulator`) a portal to run it against.
//!
//! The [`Client`] speaks the wire protocol of the vendor's published SDK: it registers a customer by e-mail address,
//! delivers custom metrics as one complete set per request, and checks an instance in. It never retries: every failure
//! comes back as a typed [`Error`]. Whether and when to try again, and to register again where the vendor has revoked the
//! service token, is for the caller to say.
//!
//! Environment variables are not read, redirects are not followed, and no error, log line or `Debug` output holds a
//! key, a token or an e-mail address.

mod client;
mod error;
mod failure;
mod headers;
mod identity;
mod metrics;
mod redact;
mod reply;
mod retry_after;
mod settings;
mod transport;
mod wire;

pub use client::Client;
pub use error::{Error, Reply};
pub use identity::{AppStatus, Customer, Identity};
pub use metrics::MetricsBody;
pub use settings::{Settings, SettingsError, Timeouts};

#[cfg(feature = "simulator")]
pub mod simulator;
