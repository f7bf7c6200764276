//! `GET /api/license-status`: public, polled by every open tab of OHE.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::etag::is_known;
use crate::services::{LicenseService, UNKNOWN_LICENSE_STATUS};

/// Seconds for which a browser need not ask again.
const CACHE: HeaderValue = HeaderValue::from_static("public, max-age=5");

/// Answers with the last known status, or 304 where the client has it already. While nothing is known, the answer is kept
/// by nobody.
pub(super) async fn license_status(State(license): State<LicenseService>, headers: HeaderMap) -> Response {
    let json = [(header::CONTENT_TYPE, "application/json")];
    let Some(ready) = license.ready().await else {
        return ([(header::CACHE_CONTROL, "no-store")], json, UNKNOWN_LICENSE_STATUS).into_response();
    };
    let Ok(etag) = HeaderValue::from_str(&ready.etag) else { return (json, ready.body.clone()).into_response() };
    let caching = [(header::ETAG, etag), (header::CACHE_CONTROL, CACHE)];
    if is_known(&headers, &ready.etag) {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    (caching, json, ready.body.clone()).into_response()
}
