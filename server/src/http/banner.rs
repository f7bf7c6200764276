//! The license banner's files: a loader whose address never changes, and what it fetches where there is something to show.

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use super::assets;
use super::etag::is_known;

/// Ask each time: pages name the loader for ever, and it names the other files by their content.
const REVALIDATE: HeaderValue = HeaderValue::from_static("public, no-cache");

/// The routes below `/banner`, public.
pub(super) fn router() -> Router {
    Router::new().route("/banner/license-banner.js", get(loader)).route("/banner/{file}", get(assets::file))
}

async fn loader(headers: HeaderMap) -> Response {
    let Some(asset) = assets::named("license-banner.js") else { return StatusCode::NOT_FOUND.into_response() };
    // Weak: the compressed forms share it. The name by content tells the versions apart.
    let etag = format!("W/\"{}\"", asset.file);
    let mut response = if is_known(&headers, &etag) {
        (StatusCode::NOT_MODIFIED, [(header::CACHE_CONTROL, REVALIDATE)]).into_response()
    } else {
        asset.response(&headers, REVALIDATE)
    };
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    response
}
