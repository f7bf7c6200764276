//! Points in time: exact, and as they look from now.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Below this a month would say too little: `45 days ago` is clearer than `1 month ago`.
const MONTHS_FROM: i64 = 60 * DAY;
const YEARS_FROM: i64 = 730 * DAY;

/// `3 hours ago`, `in 5 days`, `just now`. Whole units, rounded towards now.
pub(crate) fn relative(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let distance = at - now;
    let seconds = distance.abs().num_seconds();
    if seconds < MINUTE {
        return if distance > TimeDelta::zero() { "in under a minute" } else { "just now" }.to_owned();
    }
    let (number, unit) = match seconds {
        ..HOUR => (seconds / MINUTE, "minute"),
        ..DAY => (seconds / HOUR, "hour"),
        ..MONTHS_FROM => (seconds / DAY, "day"),
        ..YEARS_FROM => (seconds / (30 * DAY), "month"),
        _ => (seconds / (365 * DAY), "year"),
    };
    let plural = if number == 1 { "" } else { "s" };
    if distance > TimeDelta::zero() {
        format!("in {number} {unit}{plural}")
    } else {
        format!("{number} {unit}{plural} ago")
    }
}

/// `2026-01-04 02:00 UTC`.
pub(crate) fn to_the_minute(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// `2026-01-04 02:00:13 UTC`.
pub(crate) fn to_the_second(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// `2026-01-04`.
pub(crate) fn day(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d").to_string()
}

/// For the `datetime` attribute: `2026-01-04T02:00:13Z`.
pub(crate) fn machine(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_and_the_future_read_in_whole_units() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        for (seconds, text) in [
            (0, "just now"),
            (-59, "just now"),
            (59, "in under a minute"),
            (-60, "1 minute ago"),
            (60, "in 1 minute"),
            (-3599, "59 minutes ago"),
            (-3600, "1 hour ago"),
            (7200, "in 2 hours"),
            (-86_399, "23 hours ago"),
            (-86_400, "1 day ago"),
            (5 * 86_400, "in 5 days"),
            (-59 * 86_400, "59 days ago"),
            (-60 * 86_400, "2 months ago"),
            (-729 * 86_400, "24 months ago"),
            (-730 * 86_400, "2 years ago"),
        ] {
            assert_eq!(relative(now + TimeDelta::seconds(seconds), now), text, "{seconds} s");
        }
    }

    #[test]
    fn exact_times_name_their_zone() {
        let at = DateTime::parse_from_rfc3339("2026-01-04T04:05:09.75+02:00").unwrap().to_utc();
        assert_eq!(to_the_minute(at), "2026-01-04 02:05 UTC");
        assert_eq!(to_the_second(at), "2026-01-04 02:05:09 UTC");
        assert_eq!(day(at), "2026-01-04");
        assert_eq!(machine(at), "2026-01-04T02:05:09Z");
    }
}
