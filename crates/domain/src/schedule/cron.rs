//! Cron expressions.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use croner::Cron;
use croner::parser::{CronParser, Seconds};

/// A cron expression with five fields, in UTC.
#[derive(Clone)]
pub struct CronExpression(Cron);

impl CronExpression {
    /// The latest occurrence at or before `now`; none if there never was one.
    pub(super) fn latest(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.0.find_previous_occurrence(&now, true).ok()
    }

    /// The first occurrence after `now`; none if there is none to come.
    pub(super) fn next(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.0.find_next_occurrence(&now, false).ok()
    }

    /// The first occurrence at or after `now`; none if there is none to come.
    pub(super) fn next_from(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.0.find_next_occurrence(&now, true).ok()
    }
}

impl FromStr for CronExpression {
    type Err = CronError;

    fn from_str(text: &str) -> Result<Self, CronError> {
        let fault = |reason: String| CronError { text: text.to_owned(), reason };
        let cron = CronParser::builder()
            .seconds(Seconds::Disallowed)
            .build()
            .parse(text.trim())
            .map_err(|error| fault(error.to_string()))?;
        // `0 0 30 2 *` parses, and never comes.
        cron.find_next_occurrence(&DateTime::UNIX_EPOCH, false).map_err(|_| fault("it never occurs".to_owned()))?;
        Ok(Self(cron))
    }
}

impl fmt::Display for CronExpression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl fmt::Debug for CronExpression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CronExpression({self})")
    }
}

/// A text that is no usable cron expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a cron expression of five fields (minute hour day month weekday), such as `0 2 * * 0`: {reason}"
)]
pub struct CronError {
    text: String,
    reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn cron_expressions_have_five_fields_and_sunday_is_zero() {
        let sunday: CronExpression = "0 2 * * 0".parse().unwrap();
        assert_eq!(sunday.next(at("2025-11-10T00:00:00Z")), Some(at("2025-11-16T02:00:00Z")));
        assert_eq!(sunday.to_string(), "0 2 * * 0");
        for bad in ["", "0 2 * *", "0 0 2 * * 0", "61 * * * *", "every day", "0 0 30 2 *"] {
            let error = bad.parse::<CronExpression>().unwrap_err();
            assert!(
                error.to_string().starts_with(&format!("`{bad}` is not a cron expression of five fields")),
                "{error}"
            );
        }
    }
}
