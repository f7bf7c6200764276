//! `GET /api/license-status`: public, polled by every open tab of OHE.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::services::LicenseService;

/// Seconds for which a browser need not ask again.
const CACHE: HeaderValue = HeaderValue::from_static("public, max-age=5");

/// Answers with the last known status, or 304 where the client has it already.
pub(super) async fn license_status(State(license): State<LicenseService>, headers: HeaderMap) -> Response {
    let ready = license.ready();
    let Ok(etag) = HeaderValue::from_str(&ready.etag) else { return ready.body.clone().into_response() };
    let caching = [(header::ETAG, etag), (header::CACHE_CONTROL, CACHE)];
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    if known.flat_map(|value| value.split(',')).any(|tag| matches(tag.trim(), &ready.etag)) {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    (caching, [(header::CONTENT_TYPE, "application/json")], ready.body.clone()).into_response()
}

/// Weak comparison, as RFC 9110 asks for with `If-None-Match`: a proxy that compresses makes the tag weak.
fn matches(candidate: &str, etag: &str) -> bool {
    candidate == "*" || candidate.strip_prefix("W/").unwrap_or(candidate) == etag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_weakly() {
        for (candidate, expected) in
            [("\"a\"", true), ("W/\"a\"", true), ("*", true), ("\"b\"", false), ("a", false), ("", false)]
        {
            assert_eq!(matches(candidate, "\"a\""), expected, "{candidate}");
        }
    }
}
