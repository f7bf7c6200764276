//! The files for browsers, as `cargo xtask wasm` built them: hashed names, compressed beforehand.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use app::Assets;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{Embed, EmbeddedFile};
use serde::Deserialize;
use tracing::warn;

/// In a release build the files are in the binary; in a debug build they are read from the folder at each request.
#[derive(Embed)]
#[folder = "../target/site"]
#[allow_missing = true]
struct Site;

/// The list of files: logical name to hashed name and content type.
#[derive(Debug, Default, Deserialize)]
struct Manifest {
    files: BTreeMap<String, Asset>,
}

/// One file.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Asset {
    /// Its name by content.
    pub(super) file: String,
    content_type: String,
}

const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

static MANIFEST: LazyLock<Manifest> = LazyLock::new(|| {
    let read = Site::get("manifest.json").and_then(|file| serde_json::from_slice(&file.data).ok());
    read.unwrap_or_else(|| {
        warn!("the browser's style and code are not in this build, so pages are plain and without the banner; `cargo xtask wasm` makes them");
        Manifest::default()
    })
});

/// Where the dashboard's files are.
pub(super) fn dashboard() -> Assets {
    let path = |name: &str| {
        let file = MANIFEST.files.get(name).map_or(name, |entry| entry.file.as_str());
        format!("/admin/assets/{file}")
    };
    Assets { css: path("admin.css"), js: path("dashboard.js"), wasm: path("dashboard.wasm") }
}

/// The file that goes by a logical name such as `license-banner.js`.
pub(super) fn named(name: &str) -> Option<&'static Asset> {
    MANIFEST.files.get(name)
}

/// Answers with one of the files in the manifest, which may be kept for ever.
pub(super) async fn file(Path(file): Path<String>, headers: HeaderMap) -> Response {
    match MANIFEST.files.values().find(|asset| asset.file == file) {
        Some(asset) => asset.response(&headers, IMMUTABLE),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

impl Asset {
    /// The file, in the best encoding that the client takes.
    pub(super) fn response(&self, request: &HeaderMap, cache_control: HeaderValue) -> Response {
        let Some((body, encoding)) = best_encoding(&self.file, request) else {
            return StatusCode::NOT_FOUND.into_response();
        };
        let Ok(content_type) = HeaderValue::from_str(&self.content_type) else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let mut response = body.data.into_owned().into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, content_type);
        headers.insert(header::CACHE_CONTROL, cache_control);
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if let Some(encoding) = encoding {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    }
}

fn best_encoding(file: &str, headers: &HeaderMap) -> Option<(EmbeddedFile, Option<&'static str>)> {
    let accepted = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let accepted = accepted.collect::<Vec<_>>().join(",");
    for (encoding, suffix) in [("br", "br"), ("gzip", "gz")] {
        if accepts(&accepted, encoding)
            && let Some(compressed) = Site::get(&format!("{file}.{suffix}"))
        {
            return Some((compressed, Some(encoding)));
        }
    }
    Some((Site::get(file)?, None))
}

/// Does an `Accept-Encoding` name this encoding, and not with a weight of zero?
fn accepts(accepted: &str, encoding: &str) -> bool {
    accepted.split(',').any(|part| {
        let mut parameters = part.split(';').map(str::trim);
        let named = parameters.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        named && !parameters.any(|parameter| matches!(parameter, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_chosen_as_the_client_says() {
        for (accepted, encoding, expected) in [
            ("gzip, deflate, br", "br", true),
            ("gzip;q=1.0, br;q=0.5", "br", true),
            ("br;q=0", "br", false),
            ("GZIP", "gzip", true),
            ("", "br", false),
            ("brotli", "br", false),
        ] {
            assert_eq!(accepts(accepted, encoding), expected, "{accepted}");
        }
    }
}
