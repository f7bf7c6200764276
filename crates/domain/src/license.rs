//! The license rule: what users see, from three facts and the time.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// From the first warning to the end of the license, in days.
pub const GRACE_DAYS: i64 = 30;

/// Days that delivery may fail before users are warned, unless configured otherwise.
pub const DEFAULT_THRESHOLD_DAYS: u16 = 4;

/// What the rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenseFacts {
    /// Is this OpenHands Enterprise at all, by its configuration?
    pub is_ohe: bool,
    /// When a batch was last delivered.
    pub last_upload: Option<DateTime<Utc>>,
    /// When the oldest batch that is neither delivered nor set aside was collected; `None` if nothing is pending.
    pub overdue_since: Option<DateTime<Utc>>,
    /// Days that delivery may fail before users are warned.
    pub threshold_days: u16,
}

/// The states a license can be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LicenseState {
    /// Not OpenHands Enterprise; there is no license to lose.
    NotApplicable,
    /// Delivery works, or has not failed for long enough.
    Ok,
    /// Nothing was ever delivered, and the first batch waits for longer than the threshold.
    Pending,
    /// Delivery has failed for longer than the threshold.
    Expiring,
    /// Delivery has failed for [`GRACE_DAYS`] beyond the threshold.
    Expired,
}

impl LicenseState {
    /// The word that the API and the dashboard use.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotApplicable => "not_applicable",
            Self::Ok => "ok",
            Self::Pending => "pending",
            Self::Expiring => "expiring",
            Self::Expired => "expired",
        }
    }
}

/// What users are told: the reply of `GET /api/license-status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenseStatus {
    /// Is the banner shown?
    pub warn: bool,
    /// The banner's text in English; empty where nothing is shown.
    pub message: String,
    /// Why.
    pub state: LicenseState,
    /// When the license ends unless a batch is delivered; present while warning.
    pub expires_at: Option<DateTime<Utc>>,
    /// Days until then, rounded up, 0 once expired; present while warning.
    pub days_until_expiration: Option<i64>,
}

impl LicenseStatus {
    /// The status in which nothing is shown.
    pub fn quiet(state: LicenseState) -> Self {
        Self { warn: false, message: String::new(), state, expires_at: None, days_until_expiration: None }
    }
}

/// Applies the rule. Durations are exact: at four days to the microsecond nobody is warned yet.
///
/// ```
/// use chrono::{DateTime, TimeDelta};
/// use domain::license::{license_status, LicenseFacts};
///
/// let collected = DateTime::UNIX_EPOCH;
/// let facts = LicenseFacts { is_ohe: true, last_upload: None, overdue_since: Some(collected), threshold_days: 4 };
/// assert!(!license_status(&facts, collected + TimeDelta::days(4)).warn);
/// assert!(license_status(&facts, collected + TimeDelta::days(4) + TimeDelta::microseconds(1)).warn);
/// ```
pub fn license_status(facts: &LicenseFacts, now: DateTime<Utc>) -> LicenseStatus {
    if !facts.is_ohe {
        return LicenseStatus::quiet(LicenseState::NotApplicable);
    }
    let threshold = TimeDelta::days(i64::from(facts.threshold_days));
    let delivers = facts.last_upload.is_some_and(|at| now - at <= threshold);
    let Some(overdue_since) = facts.overdue_since.filter(|&since| now - since > threshold && !delivers) else {
        return LicenseStatus::quiet(LicenseState::Ok);
    };
    let expires_at = overdue_since + threshold + TimeDelta::days(GRACE_DAYS);
    let days = days_left(now, expires_at);
    let state = if now >= expires_at {
        LicenseState::Expired
    } else if facts.last_upload.is_none() {
        LicenseState::Pending
    } else {
        LicenseState::Expiring
    };
    LicenseStatus {
        warn: true,
        message: message(state, days),
        state,
        expires_at: Some(expires_at),
        days_until_expiration: Some(days),
    }
}

/// Whole days from `now` to `end`, rounded up; never negative.
fn days_left(now: DateTime<Utc>, end: DateTime<Utc>) -> i64 {
    let left = end - now;
    if left <= TimeDelta::zero() {
        return 0;
    }
    left.num_days() + i64::from(left > TimeDelta::days(left.num_days()))
}

/// The banner's text in English, which the API carries for clients that do not localise.
pub fn message(state: LicenseState, days: i64) -> String {
    match state {
        LicenseState::NotApplicable | LicenseState::Ok => String::new(),
        LicenseState::Pending => {
            "OpenHands Enterprise license verification pending. Please ensure network connectivity.".to_owned()
        }
        LicenseState::Expired => {
            "Your OpenHands Enterprise license has expired. Please contact support immediately.".to_owned()
        }
        LicenseState::Expiring => {
            let unit = if days == 1 { "day" } else { "days" };
            format!(
                "Your OpenHands Enterprise license will expire in {days} {unit}. \
                 Please contact support if this issue persists."
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLLECTED: DateTime<Utc> = DateTime::from_timestamp(1_760_000_000, 0).unwrap();
    const DAY: TimeDelta = TimeDelta::days(1);
    const TICK: TimeDelta = TimeDelta::microseconds(1);

    /// One case of the rule; times are offsets from the moment the oldest pending batch was collected.
    struct Case {
        rule: &'static str,
        now: TimeDelta,
        is_ohe: bool,
        pending: bool,
        last_upload: Option<TimeDelta>,
        expected: (LicenseState, Option<i64>),
    }

    fn cases() -> Vec<Case> {
        use LicenseState::{Expired, Expiring, NotApplicable, Ok, Pending};
        let case =
            |rule, now, last_upload, expected| Case { rule, now, is_ohe: true, pending: true, last_upload, expected };
        let long_ago = Some(DAY * -7);
        vec![
            Case {
                is_ohe: false,
                ..case("no license without OHE, however late", DAY * 90, None, (NotApplicable, None))
            },
            Case { pending: false, ..case("nothing pending, nothing to warn of", DAY * 90, long_ago, (Ok, None)) },
            Case { pending: false, ..case("a new install without batches is fine", DAY * 90, None, (Ok, None)) },
            case("just collected", TimeDelta::zero(), long_ago, (Ok, None)),
            case("collected in the future (the clock stepped back)", -DAY, long_ago, (Ok, None)),
            case("exactly four days is not yet a warning", DAY * 4, long_ago, (Ok, None)),
            case("four days and a tick: the first warning says 30", DAY * 4 + TICK, long_ago, (Expiring, Some(30))),
            case("thirty days are left for a whole day", DAY * 5 - TICK, long_ago, (Expiring, Some(30))),
            case("at five days 29 are left", DAY * 5, long_ago, (Expiring, Some(29))),
            case("the last day says 1", DAY * 34 - TICK, long_ago, (Expiring, Some(1))),
            case("at exactly 34 days it has expired", DAY * 34, long_ago, (Expired, Some(0))),
            case("and stays expired", DAY * 400, long_ago, (Expired, Some(0))),
            case("never uploaded, four days", DAY * 4, None, (Ok, None)),
            case("never uploaded, longer: pending", DAY * 4 + TICK, None, (Pending, Some(30))),
            case("never uploaded, last tick", DAY * 34 - TICK, None, (Pending, Some(1))),
            case("never uploaded, over: expired, not pending", DAY * 34, None, (Expired, Some(0))),
            case("one batch is stuck while others are delivered", DAY * 40, Some(DAY * 36), (Ok, None)),
            case("a delivery a tick too long ago does not help", DAY * 40, Some(DAY * 36 - TICK), (Expired, Some(0))),
            case("a delivery in the future (clock skew) counts as recent", DAY * 10, Some(DAY * 11), (Ok, None)),
        ]
    }

    #[test]
    fn the_rule_holds_case_by_case() {
        for case in cases() {
            let facts = LicenseFacts {
                is_ohe: case.is_ohe,
                last_upload: case.last_upload.map(|offset| COLLECTED + offset),
                overdue_since: case.pending.then_some(COLLECTED),
                threshold_days: DEFAULT_THRESHOLD_DAYS,
            };
            let status = license_status(&facts, COLLECTED + case.now);
            let (state, days) = case.expected;
            assert_eq!((status.state, status.days_until_expiration), (state, days), "{}", case.rule);
            assert_eq!(status.warn, days.is_some(), "{}", case.rule);
            assert_eq!(status.expires_at, days.map(|_| COLLECTED + DAY * 34), "{}", case.rule);
            assert_eq!(status.message, message(state, days.unwrap_or(0)), "{}", case.rule);
            assert_eq!(status.message.is_empty(), !status.warn, "{}", case.rule);
        }
    }

    #[test]
    fn the_threshold_moves_both_ends() {
        let facts =
            LicenseFacts { is_ohe: true, last_upload: None, overdue_since: Some(COLLECTED), threshold_days: 10 };
        assert!(!license_status(&facts, COLLECTED + DAY * 10).warn);
        assert_eq!(license_status(&facts, COLLECTED + DAY * 10 + TICK).days_until_expiration, Some(30));
        assert_eq!(license_status(&facts, COLLECTED + DAY * 40 - TICK).state, LicenseState::Pending);
        assert_eq!(license_status(&facts, COLLECTED + DAY * 40).state, LicenseState::Expired);
    }

    #[test]
    fn one_day_is_singular() {
        assert_eq!(
            message(LicenseState::Expiring, 1),
            "Your OpenHands Enterprise license will expire in 1 day. Please contact support if this issue persists."
        );
        assert!(message(LicenseState::Expiring, 2).contains("in 2 days."));
    }

    #[test]
    fn the_reply_has_the_agreed_names() {
        let facts = LicenseFacts { is_ohe: true, last_upload: None, overdue_since: Some(COLLECTED), threshold_days: 4 };
        let reply = serde_json::to_value(license_status(&facts, COLLECTED + DAY * 6)).unwrap();
        assert_eq!(
            reply,
            serde_json::json!({
                "warn": true,
                "message": "OpenHands Enterprise license verification pending. Please ensure network connectivity.",
                "state": "pending",
                "expires_at": "2025-11-12T08:53:20Z",
                "days_until_expiration": 28
            })
        );
        for state in [
            LicenseState::NotApplicable,
            LicenseState::Ok,
            LicenseState::Pending,
            LicenseState::Expiring,
            LicenseState::Expired,
        ] {
            assert_eq!(serde_json::to_value(state).unwrap(), state.word());
        }
    }
}
