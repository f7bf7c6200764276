//! What the run of one collector came to.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How a collector's run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum CollectorStatus {
    /// It gave metrics: all that it declares, but for those that [`CollectorRun::missing`] names.
    Ok,
    /// It gave no metric, as this database of OHE answers none of them.
    NotAvailable,
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
            Self::NotAvailable => "not_available",
            Self::Error { .. } => "error",
            Self::TimedOut { .. } => "timed_out",
        }
    }

    /// What went wrong, beyond the word.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Ok | Self::NotAvailable => None,
            Self::Error { message } => Some(message.clone()),
            Self::TimedOut { limit_seconds } => Some(format!("stopped after {limit_seconds} s")),
        }
    }
}

impl fmt::Display for CollectorStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok => f.write_str("ok"),
            Self::NotAvailable => f.write_str("not available"),
            Self::Error { message } => write!(f, "error: {message}"),
            Self::TimedOut { limit_seconds } => write!(f, "timed out after {limit_seconds} s"),
        }
    }
}

/// Metrics that a collector could not give, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MissingMetrics {
    /// Why, as a sentence for administrators.
    pub reason: String,
    /// The keys of the metrics, in alphabetical order.
    pub keys: Vec<String>,
    /// The tables and columns that are absent or may not be read, where that is the cause: `repos.is_public`.
    #[serde(default)]
    pub columns: Vec<String>,
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
    /// What it could not give because of what OHE's database is like; empty after an error.
    pub missing: Vec<MissingMetrics>,
    /// How long it took.
    pub duration: Duration,
}

impl CollectorRun {
    /// What the result of a collection says of this collector where it gave no metric: the status, and why.
    pub fn in_words(&self) -> String {
        let reasons: Vec<_> = self.missing.iter().map(|missing| missing.reason.as_str()).collect();
        if reasons.is_empty() { self.status.to_string() } else { format!("{}: {}", self.status, reasons.join(" ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_has_a_word_and_a_text() {
        for (status, word, text, detail) in [
            (CollectorStatus::Ok, "ok", "ok", None),
            (CollectorStatus::NotAvailable, "not_available", "not available", None),
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

    #[test]
    fn a_run_without_metrics_says_why() {
        let missing = |reason: &str| MissingMetrics { reason: reason.to_owned(), keys: vec![], columns: vec![] };
        let run = |status, missing| CollectorRun {
            collector: "spend_metrics".to_owned(),
            status,
            metric_count: 0,
            missing,
            duration: Duration::ZERO,
        };
        for (run, expected) in [
            (run(CollectorStatus::NotAvailable, vec![missing("One."), missing("Two.")]), "not available: One. Two."),
            (run(CollectorStatus::NotAvailable, vec![]), "not available"),
            (run(CollectorStatus::Error { message: "no".into() }, vec![]), "error: no"),
        ] {
            assert_eq!(run.in_words(), expected);
        }
    }
}
