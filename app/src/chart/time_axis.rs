//! The time axis: which round points in time stand on it.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, TimeDelta, Timelike, Utc};

/// At most this many labels fit side by side, on a phone too.
const MOST_LABELS: usize = 5;

/// One more than fit.
const TOO_MANY: i64 = 6;

/// A labelled point in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TimeTick {
    /// The point.
    pub(crate) at: DateTime<Utc>,
    /// `02:00`, `4 Jan`, `Feb`, `Jan 2026`, `2026`.
    pub(crate) label: String,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Hours(u32),
    Days(u32),
    Months(u32),
}

const STEPS: [Step; 17] = [
    Step::Hours(1),
    Step::Hours(3),
    Step::Hours(6),
    Step::Hours(12),
    Step::Days(1),
    Step::Days(2),
    Step::Days(7),
    Step::Days(14),
    Step::Months(1),
    Step::Months(2),
    Step::Months(3),
    Step::Months(6),
    Step::Months(12),
    Step::Months(24),
    Step::Months(60),
    Step::Months(120),
    Step::Months(1200),
];

/// Round points from `from` to `to`, at the densest step of which at most [`MOST_LABELS`] fit.
pub(crate) fn ticks(from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<TimeTick> {
    STEPS
        .into_iter()
        .filter(|&step| to - from <= beyond(step))
        .map(|step| points(step, from, to))
        .find(|points| points.len() <= MOST_LABELS)
        .unwrap_or_default()
}

fn points(step: Step, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<TimeTick> {
    std::iter::successors(start(step, from), |&at| next(step, at))
        .skip_while(|&at| at < from)
        .take_while(|&at| at <= to)
        .enumerate()
        .map(|(order, at)| TimeTick { at, label: label(step, at, order == 0) })
        .collect()
}

/// A span of this length has more than [`MOST_LABELS`] points for certain: a bound that spares counting them.
fn beyond(step: Step) -> TimeDelta {
    match step {
        Step::Hours(hours) => TimeDelta::hours(TOO_MANY * i64::from(hours)),
        Step::Days(days) => TimeDelta::days(TOO_MANY * i64::from(days)),
        Step::Months(months) => TimeDelta::days(TOO_MANY * 31 * i64::from(months)),
    }
}

/// The last round point at or before `at`. Weeks begin on Mondays.
fn start(step: Step, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let date = at.date_naive();
    let day = match step {
        Step::Hours(_) | Step::Days(1 | 2) => date,
        Step::Days(_) => date.checked_sub_days(Days::new(u64::from(date.weekday().num_days_from_monday())))?,
        Step::Months(months) if months < 12 => {
            NaiveDate::from_ymd_opt(date.year(), date.month0() / months * months + 1, 1)?
        }
        Step::Months(months) => {
            let years = i32::try_from(months / 12).ok()?;
            NaiveDate::from_ymd_opt(date.year().div_euclid(years) * years, 1, 1)?
        }
    };
    Some(day.and_time(NaiveTime::MIN).and_utc())
}

fn next(step: Step, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    match step {
        Step::Hours(hours) => at.checked_add_signed(TimeDelta::hours(i64::from(hours))),
        Step::Days(days) => at.checked_add_days(Days::new(u64::from(days))),
        Step::Months(months) => at.checked_add_months(Months::new(months)),
    }
}

/// Months name their year where it begins, and on the `first` label.
fn label(step: Step, at: DateTime<Utc>, first: bool) -> String {
    let format = match step {
        Step::Hours(_) if at.hour() > 0 => "%H:%M",
        Step::Hours(_) | Step::Days(_) => "%-d %b",
        Step::Months(months) if months < 12 && (first || at.month0() == 0) => "%b %Y",
        Step::Months(months) if months < 12 => "%b",
        Step::Months(_) => "%Y",
    };
    at.format(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    #[test]
    fn labels_fit_the_span() {
        for (from, to, expected) in [
            ("2026-01-04T01:30:00Z", "2026-01-04T06:00:00Z", &["02:00", "03:00", "04:00", "05:00", "06:00"][..]),
            ("2026-01-04T02:00:00Z", "2026-01-06T02:00:00Z", &["12:00", "5 Jan", "12:00", "6 Jan"]),
            ("2026-01-04T02:00:00Z", "2026-02-08T02:00:00Z", &["5 Jan", "12 Jan", "19 Jan", "26 Jan", "2 Feb"]),
            ("2025-10-05T02:00:00Z", "2026-03-22T02:00:00Z", &["Nov 2025", "Dec", "Jan 2026", "Feb", "Mar"]),
            ("2025-01-05T02:00:00Z", "2026-03-22T02:00:00Z", &["Apr 2025", "Jul", "Oct", "Jan 2026"]),
            ("2020-06-01T00:00:00Z", "2026-01-01T00:00:00Z", &["2022", "2024", "2026"]),
        ] {
            let labels: Vec<_> = ticks(at(from), at(to)).into_iter().map(|tick| tick.label).collect();
            assert_eq!(labels, expected, "{from} to {to}");
        }
    }

    #[test]
    fn any_span_has_few_labels_inside_it() {
        let from = at("2026-01-04T02:00:00Z");
        for hours in (1..5000).chain((5000..350_000).step_by(1009)) {
            let to = from + TimeDelta::hours(hours);
            let ticks = ticks(from, to);
            assert!(ticks.len() <= MOST_LABELS, "{hours} h");
            assert!(ticks.iter().all(|tick| from <= tick.at && tick.at <= to), "{hours} h");
            assert!(hours < 48 || !ticks.is_empty(), "{hours} h");
        }
    }

    #[test]
    fn a_single_moment_has_a_label_only_if_it_is_round() {
        assert_eq!(ticks(at("2026-01-04T02:00:00Z"), at("2026-01-04T02:00:00Z")).len(), 1);
        assert_eq!(ticks(at("2026-01-04T02:00:13Z"), at("2026-01-04T02:00:13Z")), []);
    }
}
