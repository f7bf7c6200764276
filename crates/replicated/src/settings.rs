//! What a client is told by its caller.

use std::time::Duration;

use outbound::{Outbound, OutboundError};
use secrecy::SecretString;
use url::Url;

/// The settings of a [`crate::Client`].
#[derive(Debug, Clone)]
pub struct Settings {
    /// The portal, `https://replicated.app` in production. A path is kept as a prefix of every endpoint.
    pub base_url: Url,
    /// The key that registers customers. Meant to be embedded in software, kept out of logs all the same.
    pub publishable_key: SecretString,
    /// The application's name in the portal.
    pub app_slug: String,
    /// The name of the program that uses the client; with `version` it makes the user agent.
    pub product: String,
    /// The version of that program.
    pub version: String,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// The proxies to go through, and the certificates to trust.
    pub outbound: Outbound,
}

/// How long to wait for the vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection: name, TCP, proxy and TLS together.
    pub connect: Duration,
    /// For a whole call, from the name to the last byte of the reply.
    pub total: Duration,
}

impl Default for Timeouts {
    /// 10 s and 30 s: a delivery is a few kilobytes, and the SDK waits 30 s.
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), total: Duration::from_secs(30) }
    }
}

/// Settings that no client can be made of. Names the setting and what was expected; never a secret.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The base URL is not one.
    #[error("the vendor's base URL must be http:// or https:// with a host, without user, query or fragment")]
    BaseUrl,
    /// The publishable key is empty, or cannot stand in a header.
    #[error("the publishable key must be visible ASCII characters without spaces")]
    PublishableKey,
    /// The proxy or TLS could not be set up.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    /// The HTTP client could not be set up.
    #[error("the HTTP client could not be set up")]
    Http(#[source] reqwest::Error),
}
