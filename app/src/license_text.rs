//! The license status in words for an administrator: what it is, why, and what happens when.

use chrono::{DateTime, TimeDelta, Utc};
use domain::license::{LicenseFacts, LicenseState};

use crate::format::number::count;
use crate::model::License;

/// What to say of a license.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LicenseText {
    /// One short sentence.
    pub(crate) headline: &'static str,
    /// Why it is so.
    pub(crate) reason: String,
    /// What comes next unless a batch is delivered.
    pub(crate) deadline: Option<Deadline>,
}

/// Something that happens unless a batch is delivered before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Deadline {
    /// What happens.
    pub(crate) what: &'static str,
    /// When.
    pub(crate) at: DateTime<Utc>,
}

/// Puts `license` into words.
pub(crate) fn license_text(license: &License) -> LicenseText {
    let threshold = count(u64::from(license.facts.threshold_days), "day", "days");
    match license.status.state {
        LicenseState::NotApplicable => LicenseText {
            headline: "No license depends on this install",
            reason: "It is not configured as OpenHands Enterprise: that takes KEYCLOAK_SERVER_URL, \
                     KEYCLOAK_REALM_NAME, and the client id of a GitHub, GitLab or Bitbucket app."
                .to_owned(),
            deadline: None,
        },
        LicenseState::Ok => quiet(&license.facts),
        LicenseState::Pending => LicenseText {
            headline: "The license is not verified yet",
            reason: format!("Nothing was ever delivered, and the oldest batch has waited for more than {threshold}."),
            deadline: expiry("The license expires", license),
        },
        LicenseState::Expiring => LicenseText {
            headline: "The license is at stake",
            reason: format!("Nothing was delivered for more than {threshold} while batches wait."),
            deadline: expiry("The license expires", license),
        },
        LicenseState::Expired => LicenseText {
            headline: "The license has expired",
            reason: "Batches waited for too long. The warning goes away as soon as they are delivered.".to_owned(),
            deadline: expiry("The license expired", license),
        },
    }
}

fn quiet(facts: &LicenseFacts) -> LicenseText {
    let (headline, reason) = match (facts.overdue_since, facts.last_upload) {
        (None, None) => ("No clock is running", "Nothing was collected yet, so nothing waits to be delivered."),
        (None, Some(_)) => ("Everything is delivered", "No batch waits, so no clock is running."),
        (Some(_), None) => ("The first delivery is due", "A batch waits, and nothing was delivered yet."),
        (Some(_), Some(_)) => ("A batch waits", "It is not delivered yet, which is normal for a while."),
    };
    LicenseText { headline, reason: reason.to_owned(), deadline: first_warning(facts) }
}

/// Users are warned once both the oldest batch and the last delivery are further back than the threshold.
fn first_warning(facts: &LicenseFacts) -> Option<Deadline> {
    let since = facts.overdue_since?.max(facts.last_upload.unwrap_or(DateTime::<Utc>::MIN_UTC));
    let at = since.checked_add_signed(TimeDelta::days(i64::from(facts.threshold_days)))?;
    Some(Deadline { what: "Users are warned", at })
}

fn expiry(what: &'static str, license: &License) -> Option<Deadline> {
    license.status.expires_at.map(|at| Deadline { what, at })
}

#[cfg(test)]
mod tests {
    use domain::license::license_status;

    use super::*;

    const DAY: TimeDelta = TimeDelta::days(1);
    const COLLECTED: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn text(facts: LicenseFacts, now: DateTime<Utc>) -> LicenseText {
        license_text(&License { status: license_status(&facts, now), facts })
    }

    fn facts(last_upload: Option<DateTime<Utc>>, overdue_since: Option<DateTime<Utc>>) -> LicenseFacts {
        LicenseFacts { is_ohe: true, last_upload, overdue_since, threshold_days: 4 }
    }

    #[test]
    fn every_state_says_what_happens_next() {
        let overdue = Some(COLLECTED);
        for (facts, now, headline, deadline) in [
            (
                LicenseFacts { is_ohe: false, ..facts(None, overdue) },
                DAY * 90,
                "No license depends on this install",
                None,
            ),
            (facts(None, None), DAY, "No clock is running", None),
            (facts(overdue, None), DAY, "Everything is delivered", None),
            (facts(None, overdue), DAY, "The first delivery is due", Some(("Users are warned", DAY * 4))),
            (facts(Some(COLLECTED + DAY), overdue), DAY * 2, "A batch waits", Some(("Users are warned", DAY * 5))),
            (facts(Some(COLLECTED - DAY * 9), overdue), DAY, "A batch waits", Some(("Users are warned", DAY * 4))),
            (facts(None, overdue), DAY * 5, "The license is not verified yet", Some(("The license expires", DAY * 34))),
            (
                facts(Some(COLLECTED - DAY), overdue),
                DAY * 5,
                "The license is at stake",
                Some(("The license expires", DAY * 34)),
            ),
            (facts(None, overdue), DAY * 40, "The license has expired", Some(("The license expired", DAY * 34))),
        ] {
            let text = text(facts, COLLECTED + now);
            assert_eq!(text.headline, headline);
            assert_eq!(text.deadline, deadline.map(|(what, after)| Deadline { what, at: COLLECTED + after }));
        }
    }

    #[test]
    fn the_announced_warning_is_the_instant_after_which_the_rule_warns() {
        let tick = TimeDelta::microseconds(1);
        for last_upload in [None, Some(COLLECTED - DAY), Some(COLLECTED + DAY * 2)] {
            let facts = facts(last_upload, Some(COLLECTED));
            let at = text(facts, COLLECTED + DAY).deadline.unwrap().at;
            assert!(!license_status(&facts, at).warn);
            assert!(license_status(&facts, at + tick).warn);
        }
    }

    #[test]
    fn the_reason_names_the_configured_threshold() {
        let facts = LicenseFacts { threshold_days: 1, ..facts(None, Some(COLLECTED)) };
        assert!(text(facts, COLLECTED + DAY * 3).reason.contains("more than 1 day."));
    }
}
