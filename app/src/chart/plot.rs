//! A metric's history as a line.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use domain::metric::{MetricType, MetricValue};

use super::SIDE;
use super::scale::ValueAxis;
use super::time_axis::{TimeTick, ticks};
use crate::model::MetricPoint;

/// A point of the line: shares of the width from the left and of the height from the bottom.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spot {
    /// Which of the points it is.
    pub(crate) index: usize,
    /// 0 at the left, 1 at the right.
    pub(crate) x: f64,
    /// 0 at the bottom, 1 at the top.
    pub(crate) y: f64,
}

/// Everything that a chart draws.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plot {
    /// The axis at the left.
    pub(crate) axis: ValueAxis,
    /// The labels at the bottom, each with its share of the width.
    pub(crate) time_ticks: Vec<(TimeTick, f64)>,
    /// The points that have a number, oldest first.
    pub(crate) spots: Vec<Spot>,
    /// Runs of neighbouring points: a batch without the metric breaks the line.
    runs: Vec<Vec<Spot>>,
}

impl Plot {
    /// The plot of `points`, oldest first; `None` if none of them is a number.
    pub(crate) fn of(points: &[MetricPoint], metric_type: MetricType) -> Option<Self> {
        let (first, last) = (points.first()?.collected_at, points.last()?.collected_at);
        let numbers: Vec<_> = points.iter().map(|point| point.value.as_ref().and_then(number)).collect();
        if numbers.iter().all(Option::is_none) {
            return None;
        }
        let axis = ValueAxis::over(numbers.iter().copied().flatten(), metric_type == MetricType::Int);
        let spot = |index: usize, value: f64| Spot {
            index,
            x: share_of_time(points[index].collected_at, first, last),
            y: axis.share(value),
        };
        let runs: Vec<Vec<_>> = numbers
            .iter()
            .enumerate()
            .map(|(index, number)| number.map(|value| spot(index, value)))
            .collect::<Vec<_>>()
            .split(Option::is_none)
            .map(|run| run.iter().copied().flatten().collect())
            .filter(|run: &Vec<_>| !run.is_empty())
            .collect();
        let time_ticks = ticks(first, last)
            .into_iter()
            .map(|tick| {
                let x = share_of_time(tick.at, first, last);
                (tick, x)
            })
            .collect();
        Some(Self { spots: runs.concat(), time_ticks, runs, axis })
    }

    /// The `d` attribute of the line, in a square of side [`SIDE`].
    pub(crate) fn line(&self) -> String {
        self.runs.iter().fold(String::new(), |mut path, run| {
            push_line(&mut path, run);
            path
        })
    }

    /// The `d` attribute of the area between the line and the zero; `None` if the axis has no zero at its bottom.
    pub(crate) fn area(&self) -> Option<String> {
        (self.axis.first() == 0.0).then(|| {
            self.runs.iter().filter(|run| run.len() > 1).fold(String::new(), |mut path, run| {
                push_line(&mut path, run);
                let (left, right) = (run[0].x * SIDE, run[run.len() - 1].x * SIDE);
                // Writing to a String cannot fail.
                let _ = write!(path, "L{right:.1} {SIDE}L{left:.1} {SIDE}Z");
                path
            })
        })
    }
}

/// The `d` attribute of a small line through evenly spaced `values`, from its lowest to its highest, within `height`
/// less `margin` at the top and the bottom. None for less than two values: a dot is no trend.
pub(crate) fn sparkline(values: &[f64], width: f64, height: f64, margin: f64) -> Option<String> {
    if values.len() < 2 {
        return None;
    }
    let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
    let room = height - 2.0 * margin;
    let y = |value: f64| {
        if highest > lowest { margin + room * (highest - value) / (highest - lowest) } else { height / 2.0 }
    };
    let step = (width - 2.0 * margin) / steps(values.len());
    let mut path = String::new();
    let mut x = margin;
    for (index, &value) in values.iter().enumerate() {
        let command = if index == 0 { 'M' } else { 'L' };
        let _ = write!(path, "{command}{x:.1} {:.1}", y(value));
        x += step;
    }
    Some(path)
}

fn steps(points: usize) -> f64 {
    f64::from(u32::try_from(points.saturating_sub(1).max(1)).unwrap_or(u32::MAX))
}

fn push_line(path: &mut String, run: &[Spot]) {
    for (index, spot) in run.iter().enumerate() {
        let command = if index == 0 { 'M' } else { 'L' };
        let _ = write!(path, "{command}{:.1} {:.1}", spot.x * SIDE, (1.0 - spot.y) * SIDE);
    }
}

/// A metric's value as a number; none for texts. Truth values are 0 and 1.
#[expect(clippy::cast_precision_loss, reason = "a pixel is far coarser than a float")]
fn number(value: &MetricValue) -> Option<f64> {
    match value {
        MetricValue::Int(value) => Some(*value as f64),
        MetricValue::Float(value) => Some(*value),
        MetricValue::Bool(value) => Some(f64::from(u8::from(*value))),
        MetricValue::Text(_) => None,
    }
}

/// Where `at` lies between `first` and `last`; in the middle where both are the same.
#[expect(clippy::cast_precision_loss, reason = "a pixel is far coarser than a float")]
fn share_of_time(at: DateTime<Utc>, first: DateTime<Utc>, last: DateTime<Utc>) -> f64 {
    let whole = (last - first).num_milliseconds();
    if whole == 0 { 0.5 } else { (at - first).num_milliseconds() as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn history(values: &[Option<MetricValue>]) -> Vec<MetricPoint> {
        values
            .iter()
            .zip(0..)
            .map(|(value, week)| MetricPoint {
                batch_id: format!("batch-{week}"),
                collected_at: DateTime::UNIX_EPOCH + TimeDelta::weeks(week),
                value: value.clone(),
            })
            .collect()
    }

    fn ints(values: &[i64]) -> Vec<MetricPoint> {
        history(&values.iter().map(|&value| Some(MetricValue::Int(value))).collect::<Vec<_>>())
    }

    #[test]
    fn points_lie_by_their_time_and_value() {
        let plot = Plot::of(&ints(&[0, 50, 100]), MetricType::Int).unwrap();
        assert_eq!(plot.axis.ticks, [0.0, 25.0, 50.0, 75.0, 100.0]);
        assert_eq!(plot.line(), "M0.0 1000.0L500.0 500.0L1000.0 0.0");
        assert_eq!(plot.area().unwrap(), "M0.0 1000.0L500.0 500.0L1000.0 0.0L1000.0 1000L0.0 1000Z");
        assert_eq!(plot.spots.len(), 3);
    }

    #[test]
    fn a_missing_value_breaks_the_line_and_is_no_zero() {
        let value = |value| Some(MetricValue::Int(value));
        let plot = Plot::of(&history(&[value(4), value(8), None, value(8), None]), MetricType::Int).unwrap();
        assert_eq!(plot.line(), "M0.0 500.0L250.0 0.0M750.0 0.0");
        assert_eq!(plot.spots.iter().map(|spot| spot.index).collect::<Vec<_>>(), [0, 1, 3]);
        assert_eq!(plot.area().unwrap(), "M0.0 500.0L250.0 0.0L250.0 1000L0.0 1000Z");
    }

    #[test]
    fn a_close_up_has_no_area_that_would_suggest_a_zero() {
        let plot = Plot::of(&ints(&[4800, 5000]), MetricType::Int).unwrap();
        assert_eq!(plot.area(), None);
    }

    #[test]
    fn there_is_no_plot_without_numbers() {
        assert_eq!(Plot::of(&[], MetricType::Int), None);
        assert_eq!(Plot::of(&history(&[None, None]), MetricType::Int), None);
        assert_eq!(Plot::of(&history(&[Some(MetricValue::Text("v1".into()))]), MetricType::Text), None);
    }

    #[test]
    fn a_single_point_stands_in_the_middle() {
        let plot = Plot::of(&ints(&[4]), MetricType::Int).unwrap();
        assert_eq!(plot.spots, [Spot { index: 0, x: 0.5, y: 1.0 }]);
    }

    #[test]
    fn a_sparkline_spans_its_box() {
        assert_eq!(sparkline(&[], 80.0, 20.0, 2.0), None);
        assert_eq!(sparkline(&[3.0], 80.0, 20.0, 2.0), None);
        assert_eq!(sparkline(&[1.0, 3.0, 2.0], 84.0, 20.0, 2.0).unwrap(), "M2.0 18.0L42.0 2.0L82.0 10.0");
        assert_eq!(sparkline(&[5.0, 5.0], 84.0, 20.0, 2.0).unwrap(), "M2.0 10.0L82.0 10.0");
    }
}
