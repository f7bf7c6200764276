//! Where the server listens and who may embed its answers.

use std::net::{Ipv4Addr, SocketAddr};

use url::Url;

use super::variables::Variables;

/// The web section.
#[derive(Debug, Clone)]
pub struct WebConfig {
    /// `TELEMETRY_BIND`.
    pub bind: SocketAddr,
    /// `TELEMETRY_MAX_CONNECTIONS`: how many clients may be connected at a time.
    pub max_connections: usize,
    /// `TELEMETRY_CORS_ORIGINS`: origins, separated by commas, whose pages may read the license status.
    pub cors_origins: Vec<String>,
}

/// Reads the web section.
pub(super) fn read(variables: &mut Variables<'_>) -> WebConfig {
    let default = SocketAddr::from((Ipv4Addr::LOCALHOST, 3000));
    WebConfig {
        bind: variables.parsed_or("TELEMETRY_BIND", default, "an address and port such as 127.0.0.1:3000 or [::]:3000"),
        max_connections: variables.checked_or(
            "TELEMETRY_MAX_CONNECTIONS",
            16_384,
            "a whole number from 1 to 1000000",
            |connections| (1..=1_000_000).contains(connections),
        ),
        cors_origins: cors_origins(variables),
    }
}

fn cors_origins(variables: &mut Variables<'_>) -> Vec<String> {
    let text = variables.text("TELEMETRY_CORS_ORIGINS").unwrap_or_default();
    let mut origins = Vec::new();
    for origin in text.split(',').map(str::trim).filter(|origin| !origin.is_empty()) {
        match Url::parse(origin) {
            Ok(url) if url.origin().is_tuple() && origin.trim_end_matches('/') == url.origin().ascii_serialization() => {
                origins.push(url.origin().ascii_serialization());
            }
            _ => variables.fault(
                "TELEMETRY_CORS_ORIGINS",
                &format!("holds `{origin}`; expected origins such as https://ohe.example.com, separated by commas, without paths"),
            ),
        }
    }
    origins
}
