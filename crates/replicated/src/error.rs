//! What a call to the vendor comes to.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::delivery::ErrorClass;

/// A successful answer of the vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply<T> {
    /// What was asked for.
    pub value: T,
    /// The HTTP status, a 2xx.
    pub http_status: u16,
    /// The vendor's clock, from the `Date` header, to the second. To be compared with this machine's.
    pub vendor_time: Option<DateTime<Utc>>,
}

impl<T> Reply<T> {
    pub(crate) fn map<U>(self, f: impl FnOnce(T) -> U) -> Reply<U> {
        Reply { value: f(self.value), http_status: self.http_status, vendor_time: self.vendor_time }
    }
}

/// A call that failed, told so that an administrator can act on it.
///
/// Its text holds no key, no token, no e-mail address and no reply body beyond a short, masked excerpt of the vendor's
/// own message.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// The kind of failure, which decides whether and when to try again.
    pub class: ErrorClass,
    /// The HTTP status, where an answer arrived. None for a request that was refused before it was sent.
    pub http_status: Option<u16>,
    /// How long the vendor asks to wait, from `Retry-After`; not capped (see [`domain::delivery::backoff`]).
    pub retry_after: Option<Duration>,
    /// The vendor's clock, where an answer arrived that told it.
    pub vendor_time: Option<DateTime<Utc>>,
    /// What was seen, and what to do about it. One or two sentences.
    pub message: String,
    /// The failure underneath, where there is one.
    #[source]
    pub(crate) source: Option<reqwest::Error>,
}

impl Error {
    pub(crate) fn new(class: ErrorClass, message: impl Into<String>) -> Self {
        Self { class, http_status: None, retry_after: None, vendor_time: None, message: message.into(), source: None }
    }
}
