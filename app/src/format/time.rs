//! Points in time: exact, and as they look from now.

use chrono::{DateTime, SecondsFormat, Utc};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Each unit in seconds, how many of it are said before the next one is, and its name. Days go on for long:
/// `45 days ago` says more than `1 month ago`.
const UNITS: [(i64, i64, &str); 5] = [
    (MINUTE, 60, "minute"),
    (HOUR, 24, "hour"),
    (DAY, 60, "day"),
    (30 * DAY, 24, "month"),
    (365 * DAY, i64::MAX, "year"),
];

/// `3 hours ago`, `in 5 days`, `just now`. The past is rounded down, and what is to come is rounded up, as the license
/// banner does with its days.
pub(crate) fn relative(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let distance = (at - now).num_seconds();
    let past = distance <= 0;
    if past && distance > -MINUTE {
        return "just now".to_owned();
    }
    let in_units = |unit: i64| if past { -distance / unit } else { (distance - 1) / unit + 1 };
    UNITS
        .into_iter()
        .map(|(seconds, limit, name)| (in_units(seconds), limit, name))
        .find(|(number, limit, _)| number < limit)
        .map(|(number, _, name)| {
            let plural = if number == 1 { "" } else { "s" };
            if past { format!("{number} {name}{plural} ago") } else { format!("in {number} {name}{plural}") }
        })
        .unwrap_or_default()
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
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn the_past_is_rounded_down_and_the_future_up() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        for (seconds, text) in [
            (0, "just now"),
            (-59, "just now"),
            (1, "in 1 minute"),
            (60, "in 1 minute"),
            (61, "in 2 minutes"),
            (3541, "in 1 hour"),
            (-60, "1 minute ago"),
            (-3599, "59 minutes ago"),
            (-3600, "1 hour ago"),
            (7200, "in 2 hours"),
            (-86_399, "23 hours ago"),
            (-86_400, "1 day ago"),
            (4 * 86_400 + 1, "in 5 days"),
            (5 * 86_400, "in 5 days"),
            (-59 * 86_400, "59 days ago"),
            (-60 * 86_400, "2 months ago"),
            (-719 * 86_400, "23 months ago"),
            (-800 * 86_400, "2 years ago"),
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
