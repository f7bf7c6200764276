//! When things happen at a company that works from Monday to Friday and takes to its new tool.

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};

/// How busy a day is, from Monday to Sunday.
const WEEK: [f64; 7] = [1.0, 1.1, 1.12, 1.05, 0.85, 0.22, 0.18];

/// How busy an hour of the day is (UTC); most of the company lives between Europe and America.
const DAY: [f64; 24] = [
    0.15, 0.1, 0.06, 0.05, 0.06, 0.12, 0.3, 0.6, 0.95, 1.1, 1.15, 1.05, 0.85, 1.05, 1.25, 1.3, 1.25, 1.15, 1.0, 0.85,
    0.7, 0.5, 0.35, 0.25,
];

/// A span of whole days up to an instant, each hour of which is as busy as its weekday, its time of day and the growth of the
/// install make it.
#[derive(Debug)]
pub(crate) struct Calendar {
    start: DateTime<Utc>,
    /// How much of everything has happened by the end of each hour.
    by_hour: Vec<f64>,
}

impl Calendar {
    /// The `days` before `until`; at least one, at most ten years.
    pub(crate) fn new(until: DateTime<Utc>, days: u32) -> Self {
        let hours = i64::from(days.clamp(1, 3650)) * 24;
        let start = until - TimeDelta::hours(hours);
        let mut sum = 0.0;
        let by_hour = (0..hours).map(|hour| {
            sum += busyness(start + TimeDelta::hours(hour)) * growth(fraction(hour, hours));
            sum
        });
        Self { start, by_hour: by_hour.collect() }
    }

    /// The first instant.
    pub(crate) fn start(&self) -> DateTime<Utc> {
        self.start
    }

    /// The instant by which `share` (0 to 1) of everything has happened: in order of share, and never before the first instant
    /// nor after the last.
    pub(crate) fn instant(&self, share: f64) -> DateTime<Utc> {
        let target = share * self.by_hour.last().copied().unwrap_or_default();
        let hour = self.by_hour.partition_point(|sum| *sum <= target).min(self.by_hour.len().saturating_sub(1));
        let before = hour.checked_sub(1).and_then(|hour| self.by_hour.get(hour)).copied().unwrap_or_default();
        let within = (target - before) / (self.by_hour.get(hour).copied().unwrap_or_default() - before);
        self.start
            + TimeDelta::hours(i64::try_from(hour).unwrap_or_default())
            + seconds(within.clamp(0.0, 1.0) * 3600.0)
    }

    /// How far `instant` is on the way from the first instant to the last, from 0 to 1.
    pub(crate) fn progress(&self, instant: DateTime<Utc>) -> f64 {
        let hours = i64::try_from(self.by_hour.len()).unwrap_or(i64::MAX);
        fraction((instant - self.start).num_minutes(), hours * 60).clamp(0.0, 1.0)
    }
}

/// A time span from seconds, to the microsecond, as PostgreSQL keeps it.
#[expect(clippy::cast_possible_truncation, reason = "spans of years are far from the limits of 64-bit microseconds")]
pub(crate) fn seconds(seconds: f64) -> TimeDelta {
    TimeDelta::microseconds((seconds * 1e6) as i64)
}

#[expect(clippy::cast_precision_loss, reason = "hours and minutes of ten years are exact in a float")]
fn fraction(part: i64, whole: i64) -> f64 {
    part as f64 / whole as f64
}

/// From a fifth at the beginning to the whole at the end.
fn growth(progress: f64) -> f64 {
    0.2 + 0.8 * progress
}

fn busyness(instant: DateTime<Utc>) -> f64 {
    let weekday = instant.weekday().num_days_from_monday() as usize;
    WEEK[weekday % WEEK.len()] * DAY[instant.hour() as usize % DAY.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn half_a_year() -> (DateTime<Utc>, Calendar) {
        let until = "2025-11-23T14:45:30Z".parse().unwrap();
        (until, Calendar::new(until, 182))
    }

    #[test]
    fn instants_follow_their_shares_and_stay_inside() {
        let (until, calendar) = half_a_year();
        let instants: Vec<_> = (0..=1000).map(|share| calendar.instant(f64::from(share) / 1000.0)).collect();
        assert!(instants.is_sorted());
        assert_eq!((instants[0], instants[1000]), (until - TimeDelta::days(182), until));
    }

    #[test]
    fn the_second_half_is_busier_than_the_first() {
        let (until, calendar) = half_a_year();
        assert!(calendar.instant(0.5) > until - TimeDelta::days(91) + TimeDelta::days(20));
    }

    #[test]
    fn a_weekend_is_quieter_than_a_working_day() {
        let hour = |text: &str| busyness(text.parse().unwrap());
        let (saturday, wednesday) = (hour("2025-11-22T10:00:00Z"), hour("2025-11-19T10:00:00Z"));
        assert!(saturday * 4.0 < wednesday);
        assert!(hour("2025-11-19T03:00:00Z") * 10.0 < wednesday);
    }

    #[test]
    fn no_days_are_taken_as_one() {
        let until = "2025-11-23T14:45:30Z".parse().unwrap();
        assert_eq!(Calendar::new(until, 0).start(), until - TimeDelta::days(1));
    }
}
