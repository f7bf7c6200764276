//! The course of one metric as a small drawing.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use crate::simulator::Change;

const WIDTH: f64 = 120.0;
const HEIGHT: f64 = 24.0;
/// Keeps the stroke inside the drawing.
const MARGIN: f64 = 2.0;

/// Draws the numbers among `changes` (of one metric, oldest first) as steps up to `now`. Nothing where there are fewer
/// than two.
pub(super) fn draw<'a>(changes: impl Iterator<Item = &'a Change>, now: DateTime<Utc>) -> Option<Markup> {
    let points: Vec<(DateTime<Utc>, f64)> =
        changes.filter_map(|change| Some((change.at, change.to.as_ref()?.as_f64()?))).collect();
    let [(start, first), .., (_, last)] = points.as_slice() else { return None };
    let label = format!("from {first} to {last} in {} changes", points.len());
    let path = path(&points, *start, now);
    Some(html! {
        svg.sparkline viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) width=(WIDTH) height=(HEIGHT) role="img" aria-label=(label) {
            path d=(path);
        }
    })
}

fn path(points: &[(DateTime<Utc>, f64)], start: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let low = points.iter().map(|(_, value)| *value).fold(f64::INFINITY, f64::min);
    let high = points.iter().map(|(_, value)| *value).fold(f64::NEG_INFINITY, f64::max);
    let span = (now - start).as_seconds_f64().max(1.0);
    let x = |at: DateTime<Utc>| (at - start).as_seconds_f64() / span * WIDTH;
    let y = |value: f64| {
        let part = if high > low { (value - low) / (high - low) } else { 0.5 };
        HEIGHT - MARGIN - part * (HEIGHT - 2.0 * MARGIN)
    };
    let mut path = String::new();
    for (index, (at, value)) in points.iter().enumerate() {
        let step = if index == 0 { format!("M0 {:.1}", y(*value)) } else { format!("H{:.1}V{:.1}", x(*at), y(*value)) };
        path.push_str(&step);
    }
    // Writing to a String cannot fail.
    let _ = write!(path, "H{WIDTH}");
    path
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use serde_json::{Value, json};

    use super::*;

    fn drawn(values: &[Value]) -> Option<String> {
        let at = |hour| DateTime::UNIX_EPOCH + TimeDelta::hours(hour);
        let changes: Vec<Change> = values
            .iter()
            .zip(0..)
            .map(|(value, hour)| Change { at: at(hour), key: "k".to_owned(), from: None, to: Some(value.clone()) })
            .collect();
        draw(changes.iter(), at(4)).map(Markup::into_string)
    }

    #[test]
    fn numbers_become_steps_over_time() {
        let svg = drawn(&[json!(0), json!(10), json!(5)]).unwrap();
        assert!(svg.contains(r#"d="M0 22.0H30.0V2.0H60.0V12.0H120""#), "{svg}");
        assert!(svg.contains("from 0 to 5 in 3 changes"), "{svg}");
    }

    #[test]
    fn one_value_or_words_have_no_course() {
        assert_eq!(drawn(&[json!(1)]), None);
        assert_eq!(drawn(&[json!("free"), json!("pro")]), None);
    }
}
