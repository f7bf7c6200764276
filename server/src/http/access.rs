//! Who may see the dashboard.

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::config::WebConfig;

/// What the web server lets in.
#[derive(Debug, Clone)]
pub struct Access {
    /// Does the server listen to this machine alone? Without a login, nobody else may see the dashboard.
    pub(super) loopback_only: bool,
    /// Origins whose pages may read the license status.
    pub(super) cors_origins: Vec<String>,
}

const NOT_CONFIGURED: &str = "The dashboard is not configured: this server can be reached from other machines, and has \
    no login. Let it listen at a loopback address (TELEMETRY_BIND) to see the dashboard. Everything else works.\n";

impl Access {
    /// As configured.
    pub fn of(config: &WebConfig) -> Self {
        Self { loopback_only: config.bind.ip().is_loopback(), cors_origins: config.cors_origins.clone() }
    }
}

/// Lets a request to the dashboard pass where nobody but this machine's users can have sent it.
pub(super) async fn guard(State(access): State<Access>, request: Request, next: Next) -> Response {
    // A page of another site can make a browser ask a loopback address under a name of its own (DNS rebinding).
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if access.loopback_only && names_loopback(host) {
        return next.run(request).await;
    }
    (StatusCode::SERVICE_UNAVAILABLE, NOT_CONFIGURED).into_response()
}

fn names_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.chars().all(|c| c.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_pass() {
        for (host, expected) in [
            ("localhost", true),
            ("LOCALHOST:3000", true),
            ("127.0.0.1:3000", true),
            ("127.8.9.10", true),
            ("[::1]:3000", true),
            ("[::1]", true),
            ("", false),
            ("evil.example:3000", false),
            ("localhost.evil.example", false),
            ("10.0.0.1:3000", false),
            ("0.0.0.0:3000", false),
        ] {
            assert_eq!(names_loopback(host), expected, "{host}");
        }
    }
}
