//! Times for people: relative, with the exact instant beside or beneath.

use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, html};

/// `2026-01-02 03:04:05 UTC`
pub(super) fn exact(at: DateTime<Utc>) -> Markup {
    html! { time datetime=(at.to_rfc3339()) { (at.format("%Y-%m-%d %H:%M:%S UTC")) } }
}

/// `5 min ago`, with the exact instant beneath.
pub(super) fn both(at: DateTime<Utc>, now: DateTime<Utc>) -> Markup {
    html! { span.when { (relative(now - at)) small { (exact(at)) } } }
}

/// `5 min ago`, `in 2 h`; the largest unit that fills at least one, rounded down.
pub(super) fn relative(age: TimeDelta) -> String {
    let seconds = age.num_seconds();
    let (amount, unit) = match seconds.unsigned_abs() {
        0 => return "now".to_owned(),
        s @ 1..=59 => (s, "s"),
        s @ 60..=3599 => (s / 60, "min"),
        s @ 3600..=86_399 => (s / 3600, "h"),
        s => (s / 86_400, "d"),
    };
    if seconds > 0 { format!("{amount} {unit} ago") } else { format!("in {amount} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_in_their_largest_unit() {
        for (seconds, text) in [
            (0, "now"),
            (59, "59 s ago"),
            (60, "1 min ago"),
            (3599, "59 min ago"),
            (86_399, "23 h ago"),
            (86_400 * 40, "40 d ago"),
            (-90, "in 1 min"),
        ] {
            assert_eq!(relative(TimeDelta::seconds(seconds)), text);
        }
    }
}
