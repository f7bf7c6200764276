//! The failures that the page offers.

use serde::Deserialize;

use crate::simulator::{Endpoint, Fault, RetryAfter, Rule, When};

/// A failure with its name in the form and its words.
pub(super) struct Preset {
    pub(super) value: &'static str,
    pub(super) label: &'static str,
    fault: Fault,
}

/// A duration with its name in the form and its words.
pub(super) const DURATIONS: [(&str, &str, When); 4] = [
    ("until_healed", "until healed", When::UntilHealed),
    ("once", "once", When::Requests(1)),
    ("five", "for 5 requests", When::Requests(5)),
    ("flapping", "flapping: 2 fail, 1 passes", When::Flapping { fail: 2, pass: 1 }),
];

/// Every failure on offer, those of the vendor first, then those of the network.
pub(super) fn all() -> Vec<Preset> {
    let preset = |value, label, fault| Preset { value, label, fault };
    let status = |status, retry_after| Fault::Status { status, message: None, retry_after };
    vec![
        preset("500", "500 internal error", status(500, None)),
        preset("503", "503, Retry-After 120 s", status(503, Some(RetryAfter::Seconds(120)))),
        preset("503-date", "503, Retry-After as a date", status(503, Some(RetryAfter::DateInSeconds(120)))),
        preset("429", "429 too many requests, Retry-After 60 s", status(429, Some(RetryAfter::Seconds(60)))),
        preset("400", "400 refused for its content", status(400, None)),
        preset("401", "401 credentials not accepted", status(401, None)),
        preset("403", "403 license ended", status(403, None)),
        preset("revoked", "the service token is revoked", Fault::RevokedToken),
        preset("no-instance", "registration answered without an instance", Fault::NoInstance),
        preset("302", "302 redirect", status(302, None)),
        preset("html", "a web page instead of JSON", Fault::Html),
        preset("utf8", "invalid UTF-8", Fault::InvalidUtf8),
        preset("huge", "8 MiB of reply", Fault::HugeBody),
        preset("truncated", "reply cut short", Fault::Truncated),
        preset("reset-in-body", "connection reset within the reply", Fault::ResetInBody),
        preset("reset", "connection reset", Fault::Reset),
        preset("close", "connection closed without an answer", Fault::Close),
        preset("slow", "20 s before the answer", Fault::SlowHead { milliseconds: 20_000 }),
        preset("drip", "5 s before each byte", Fault::SlowBody { milliseconds: 5000 }),
        preset("hang", "no answer at all", Fault::Hang),
    ]
}

/// What was chosen in the form.
#[derive(Deserialize)]
pub(super) struct Choice {
    fault: String,
    /// Empty for every endpoint.
    endpoint: String,
    when: String,
}

impl Choice {
    /// The rule that was chosen; None where a field holds what the form does not offer.
    pub(super) fn rule(&self) -> Option<Rule> {
        let fault = all().into_iter().find(|preset| preset.value == self.fault)?.fault;
        let when = DURATIONS.into_iter().find(|(value, ..)| *value == self.when)?.2;
        let endpoint = match self.endpoint.as_str() {
            "" => None,
            word => Some(Endpoint::ALL.into_iter().find(|endpoint| endpoint.word() == word)?),
        };
        Some(Rule { fault, endpoint, when })
    }
}

/// The words for a fault: its preset's, or what is particular about it.
pub(super) fn label(fault: &Fault) -> String {
    if let Some(preset) = all().into_iter().find(|preset| preset.fault == *fault) {
        return preset.label.to_owned();
    }
    match fault {
        Fault::Status { status, message, retry_after } => {
            let message = message.iter().map(|message| format!(" “{message}”"));
            let retry_after = retry_after.iter().map(|wait| match wait {
                RetryAfter::Seconds(seconds) => format!(", Retry-After {seconds} s"),
                RetryAfter::DateInSeconds(seconds) => format!(", Retry-After as a date in {seconds} s"),
            });
            std::iter::once(status.to_string()).chain(message).chain(retry_after).collect()
        }
        Fault::SlowHead { milliseconds } => format!("{milliseconds} ms before the answer"),
        Fault::SlowBody { milliseconds } => format!("{milliseconds} ms before each byte"),
        without_fields => format!("{without_fields:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_words() {
        let status = |message: Option<&str>, retry_after| Fault::Status {
            status: 503,
            message: message.map(str::to_owned),
            retry_after,
        };
        for (fault, words) in [
            (status(None, Some(RetryAfter::Seconds(120))), "503, Retry-After 120 s"),
            (status(Some("Not now."), None), "503 “Not now.”"),
            (status(Some("No."), Some(RetryAfter::DateInSeconds(9))), "503 “No.”, Retry-After as a date in 9 s"),
            (Fault::SlowHead { milliseconds: 20_000 }, "20 s before the answer"),
            (Fault::SlowHead { milliseconds: 200 }, "200 ms before the answer"),
            (Fault::SlowBody { milliseconds: 5 }, "5 ms before each byte"),
        ] {
            assert_eq!(label(&fault), words);
        }
    }
}
