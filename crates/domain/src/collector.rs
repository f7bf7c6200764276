//! What the run of one collector came to.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How a collector's run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum CollectorStatus {
    /// Every declared metric was had.
    Ok,
    /// Tables or columns of OHE are missing, or may not be read; the metrics that do not need them were had all the same.
    NotAvailable {
        /// What is missing, for instance `table slack_users`.
        missing: Vec<String>,
    },
    /// It failed, or panicked; none of its metrics are in the batch.
    Error {
        /// What went wrong, free of secrets.
        message: String,
    },
    /// It was stopped at its time limit; none of its metrics are in the batch.
    TimedOut {
        /// The limit in seconds.
        limit_seconds: u64,
    },
}

impl CollectorStatus {
    /// A stable word for storage: `ok`, `not_available`, `error`, `timed_out`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::NotAvailable { .. } => "not_available",
            Self::Error { .. } => "error",
            Self::TimedOut { .. } => "timed_out",
        }
    }

    /// What an administrator needs to know beyond the word: what is missing, or what went wrong.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Ok => None,
            Self::NotAvailable { missing } => Some(missing.join(", ")),
            Self::Error { message } => Some(message.clone()),
            Self::TimedOut { limit_seconds } => Some(format!("stopped after {limit_seconds} s")),
        }
    }
}

impl fmt::Display for CollectorStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok => f.write_str("ok"),
            Self::NotAvailable { missing } => write!(f, "not available: {}", missing.join(", ")),
            Self::Error { message } => write!(f, "error: {message}"),
            Self::TimedOut { limit_seconds } => write!(f, "timed out after {limit_seconds} s"),
        }
    }
}

/// One collector's part in one batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectorRun {
    /// The collector's name.
    pub collector: String,
    /// How it ended.
    pub status: CollectorStatus,
    /// How many metrics it gave to the batch.
    pub metric_count: u32,
    /// How long it took.
    pub duration: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_reads_as_the_result_of_collect_prints_it() {
        for (status, word, text, detail) in [
            (CollectorStatus::Ok, "ok", "ok", None),
            (
                CollectorStatus::NotAvailable { missing: vec!["table repos".into(), "column api_keys.name".into()] },
                "not_available",
                "not available: table repos, column api_keys.name",
                Some("table repos, column api_keys.name"),
            ),
            (CollectorStatus::Error { message: "no".into() }, "error", "error: no", Some("no")),
            (
                CollectorStatus::TimedOut { limit_seconds: 60 },
                "timed_out",
                "timed out after 60 s",
                Some("stopped after 60 s"),
            ),
        ] {
            assert_eq!(status.word(), word);
            assert_eq!(status.to_string(), text);
            assert_eq!(status.detail().as_deref(), detail);
        }
    }
}
