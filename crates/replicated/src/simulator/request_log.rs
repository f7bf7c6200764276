//! Which requests came, without what must stay secret.

use std::collections::{BTreeMap, VecDeque};

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use super::portal::masked_email;
use super::{Endpoint, Fault};

/// Requests kept.
const KEPT: usize = 5000;

/// One request.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LoggedRequest {
    /// 1 for the first that ever came.
    pub number: u64,
    /// When it arrived.
    pub at: DateTime<Utc>,
    /// Always `POST` here.
    pub method: String,
    /// The path.
    pub path: String,
    /// Names (lower case) and values as they came; of `authorization` only the kind: `publishable key`,
    /// `service token`, `unknown`.
    pub headers: Vec<(String, String)>,
    /// The JSON, with the e-mail address masked; None where it is no JSON.
    pub body: Option<Value>,
    /// What the script did to it.
    pub fault: Option<Fault>,
    /// The status that the portal gave it; None where the script kept it from the portal.
    pub status: Option<u16>,
}

/// How many requests came.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// To all endpoints.
    pub requests: u64,
    /// Struck by the script.
    pub failed: u64,
    /// By endpoint.
    pub by_endpoint: BTreeMap<&'static str, u64>,
}

#[derive(Default)]
pub(super) struct RequestLog {
    counts: Counts,
    requests: VecDeque<LoggedRequest>,
}

impl RequestLog {
    pub(super) fn counts(&self) -> Counts {
        self.counts.clone()
    }

    pub(super) fn requests(&self) -> impl DoubleEndedIterator<Item = &LoggedRequest> {
        self.requests.iter()
    }

    /// Adds `request` and numbers it.
    pub(super) fn add(&mut self, endpoint: Endpoint, mut request: LoggedRequest) {
        self.counts.requests += 1;
        self.counts.failed += u64::from(request.fault.is_some());
        *self.counts.by_endpoint.entry(endpoint.word()).or_default() += 1;
        request.number = self.counts.requests;
        if self.requests.len() == KEPT {
            self.requests.pop_front();
        }
        self.requests.push_back(request);
    }
}

/// Headers for the log, with `authorization` told by its kind.
pub(super) fn headers(headers: &HeaderMap, authorization: &str) -> Vec<(String, String)> {
    let shown = |name: &axum::http::HeaderName, value: &axum::http::HeaderValue| {
        let value = if name == AUTHORIZATION {
            authorization.to_owned()
        } else {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        };
        (name.as_str().to_owned(), value)
    };
    headers.iter().map(|(name, value)| shown(name, value)).collect()
}

/// A body for the log.
pub(super) fn body(body: &[u8]) -> Option<Value> {
    let mut body: Value = serde_json::from_slice(body).ok()?;
    if let Some(Value::String(email)) = body.get_mut("email_address") {
        *email = masked_email(email);
    }
    Some(body)
}
