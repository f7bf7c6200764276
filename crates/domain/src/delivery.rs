//! What an attempt to deliver came to, when to try again, and which batch a run sends next.

mod order;

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use order::{Fate, Next, next_to_send};

/// Why a request to the vendor failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// The vendor's name did not resolve.
    Dns,
    /// No connection, or it broke.
    Connect,
    /// The configured proxy refused or failed.
    Proxy,
    /// The connection could not be secured: certificate, name or protocol.
    Tls,
    /// No answer in time.
    Timeout,
    /// The vendor does not accept the credentials (401, 403).
    Auth,
    /// The vendor refused the request for its content (other 4xx).
    Rejected,
    /// Too many requests (429).
    RateLimited,
    /// The vendor failed (5xx).
    Vendor,
    /// An answer that is not the vendor's: redirect, HTML, truncated, too large.
    BadReply,
}

impl ErrorClass {
    /// Every class.
    pub const ALL: [Self; 10] = [
        Self::Dns,
        Self::Connect,
        Self::Proxy,
        Self::Tls,
        Self::Timeout,
        Self::Auth,
        Self::Rejected,
        Self::RateLimited,
        Self::Vendor,
        Self::BadReply,
    ];

    /// The word under which the class is stored and shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Proxy => "proxy",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Auth => "auth",
            Self::Rejected => "rejected",
            Self::RateLimited => "rate_limited",
            Self::Vendor => "vendor",
            Self::BadReply => "bad_reply",
        }
    }

    /// The class stored under `word`.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.word() == word)
    }

    /// The class of an HTTP status that is not a success.
    pub fn of_status(status: u16) -> Self {
        match status {
            401 | 403 => Self::Auth,
            408 => Self::Timeout,
            429 => Self::RateLimited,
            400..=499 => Self::Rejected,
            500..=599 => Self::Vendor,
            _ => Self::BadReply,
        }
    }
}

impl fmt::Display for ErrorClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The wait before the first retry.
pub const FIRST_RETRY: Duration = Duration::from_secs(30);

/// The longest wait between two tries, whatever the vendor asks for: the license clock runs meanwhile.
pub const LONGEST_RETRY: Duration = Duration::from_hours(1);

/// How long to wait after the `failures`-th failure in a row (counted from 1).
///
/// Doubles from [`FIRST_RETRY`] to [`LONGEST_RETRY`]; `jitter` in 0..=1 spreads the wait over its upper half, so that
/// installs which failed together do not return together.
pub fn backoff(failures: u32, jitter: f64) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let full = FIRST_RETRY.saturating_mul(1 << doublings).min(LONGEST_RETRY);
    full.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_falls_into_its_class() {
        for (status, class) in [
            (301, ErrorClass::BadReply),
            (304, ErrorClass::BadReply),
            (400, ErrorClass::Rejected),
            (401, ErrorClass::Auth),
            (403, ErrorClass::Auth),
            (404, ErrorClass::Rejected),
            (408, ErrorClass::Timeout),
            (413, ErrorClass::Rejected),
            (429, ErrorClass::RateLimited),
            (500, ErrorClass::Vendor),
            (503, ErrorClass::Vendor),
            (600, ErrorClass::BadReply),
        ] {
            assert_eq!(ErrorClass::of_status(status), class, "{status}");
        }
    }

    #[test]
    fn classes_are_found_by_the_word_they_are_stored_under() {
        for class in ErrorClass::ALL {
            assert_eq!(ErrorClass::from_word(class.word()), Some(class));
            assert_eq!(serde_json::to_value(class).unwrap(), class.word());
            assert_eq!(class.to_string(), class.word());
        }
        assert_eq!(ErrorClass::from_word("sunspots"), None);
    }

    #[test]
    fn the_wait_doubles_and_is_capped() {
        for (failures, seconds) in
            [(0, 30), (1, 30), (2, 60), (3, 120), (7, 1920), (8, 3600), (9, 3600), (u32::MAX, 3600)]
        {
            assert_eq!(backoff(failures, 1.0), Duration::from_secs(seconds), "after {failures}");
        }
    }

    #[test]
    fn jitter_spreads_the_upper_half_and_nonsense_is_clamped() {
        assert_eq!(backoff(2, 0.0), Duration::from_secs(30));
        assert_eq!(backoff(2, 0.5), Duration::from_secs(45));
        assert_eq!(backoff(2, 7.0), Duration::from_mins(1));
        assert_eq!(backoff(2, -1.0), Duration::from_secs(30));
    }
}
