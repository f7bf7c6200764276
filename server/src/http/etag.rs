//! `If-None-Match`.

use axum::http::{HeaderMap, header};

/// Does the client have what `etag` stands for?
pub(super) fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    known.flat_map(|value| value.split(',')).any(|tag| matches(tag.trim(), etag))
}

/// Weak comparison, as RFC 9110 asks for with `If-None-Match`: a proxy that compresses makes the tag weak.
fn matches(candidate: &str, etag: &str) -> bool {
    candidate == "*" || opaque(candidate) == opaque(etag)
}

fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
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
            assert_eq!(matches(candidate, "W/\"a\""), expected, "{candidate}");
        }
    }
}
