//! The value axis: where it begins and ends, and which round numbers stand on it.

/// About how many steps an axis has.
const STEPS: f64 = 4.0;

/// Values that vary by less than this share of the largest one are looked at closely, without the zero.
const CLOSE_UP_BELOW: f64 = 0.25;

/// An axis from the first tick to the last.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ValueAxis {
    /// Round numbers in rising order, evenly spaced, at least two; all values lie between the first and the last.
    pub(crate) ticks: Vec<f64>,
}

impl ValueAxis {
    /// An axis that holds all `values`. It has the zero unless the values lie close together and far from it.
    /// `whole` numbers get whole ticks. Without values it runs from 0 to 1.
    pub(crate) fn over(values: impl Iterator<Item = f64> + Clone, whole: bool) -> Self {
        let highest = values.clone().fold(f64::NEG_INFINITY, f64::max);
        let lowest = values.fold(f64::INFINITY, f64::min);
        if highest < lowest {
            return Self { ticks: vec![0.0, 1.0] };
        }
        let close_up = highest > lowest && highest - lowest < CLOSE_UP_BELOW * highest.abs().max(lowest.abs());
        let (from, to) = if close_up { (lowest, highest) } else { (lowest.min(0.0), highest.max(0.0)) };
        let to = if to > from { to } else { from + 1.0 };
        Self { ticks: ticks(from, to, whole) }
    }

    /// Where the axis begins.
    pub(crate) fn first(&self) -> f64 {
        self.ticks.first().copied().unwrap_or(0.0)
    }

    /// Where the axis ends.
    pub(crate) fn last(&self) -> f64 {
        self.ticks.last().copied().unwrap_or(1.0)
    }

    /// Where `value` lies: 0 at the beginning of the axis, 1 at its end.
    pub(crate) fn share(&self, value: f64) -> f64 {
        (value - self.first()) / (self.last() - self.first())
    }
}

/// Round numbers from at most `from` to at least `to`.
fn ticks(from: f64, to: f64, whole: bool) -> Vec<f64> {
    let step = round_step((to - from) / STEPS, whole);
    let first = (from / step).floor();
    let last = (to / step).ceil();
    // Multiplied, not added up: sums of 0.1 drift.
    std::iter::successors(Some(first), |index| Some(index + 1.0))
        .take_while(|&index| index <= last)
        .map(|index| round_off(index * step, step))
        .collect()
}

/// The smallest of 1, 2, 2.5 and 5 times a power of ten that is at least `raw`.
fn round_step(raw: f64, whole: bool) -> f64 {
    let power = 10_f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|&step| step >= raw && (!whole || step.fract() == 0.0))
        .unwrap_or(10.0 * power);
    if whole { step.max(1.0) } else { step }
}

/// Takes off what binary fractions leave: 3 * 0.1 is to be 0.3.
fn round_off(value: f64, step: f64) -> f64 {
    let scale = 10_f64.powf((2.0 - step.log10().floor()).clamp(0.0, 15.0));
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(values: &[f64], whole: bool) -> Vec<f64> {
        ValueAxis::over(values.iter().copied(), whole).ticks
    }

    #[test]
    fn ticks_are_round_and_enclose_the_values() {
        for (values, whole, expected) in [
            (&[][..], true, &[0.0, 1.0][..]),
            (&[0.0], true, &[0.0, 1.0]),
            (&[1.0], true, &[0.0, 1.0]),
            (&[7.0], true, &[0.0, 2.0, 4.0, 6.0, 8.0]),
            (&[3.0, 96.0], true, &[0.0, 25.0, 50.0, 75.0, 100.0]),
            (&[0.0, 9.0], true, &[0.0, 5.0, 10.0]),
            (&[10.0, 130.0], true, &[0.0, 50.0, 100.0, 150.0]),
            (&[0.1, 0.35], false, &[0.0, 0.1, 0.2, 0.3, 0.4]),
            (&[-5.0, 5.0], true, &[-5.0, 0.0, 5.0]),
            (&[-8.0, -2.0], true, &[-8.0, -6.0, -4.0, -2.0, 0.0]),
        ] {
            assert_eq!(axis(values, whole), expected, "{values:?}");
        }
    }

    #[test]
    fn values_close_together_are_seen_without_the_zero() {
        assert_eq!(axis(&[4800.0, 5000.0], true), [4800.0, 4850.0, 4900.0, 4950.0, 5000.0]);
        assert_eq!(axis(&[1000.0, 1500.0], true).first(), Some(&0.0));
        assert_eq!(axis(&[4800.0, 4800.0], true).first(), Some(&0.0), "a flat line shows its height");
    }

    #[test]
    fn whole_numbers_never_get_ticks_with_a_fraction() {
        for highest in 1..300 {
            let ticks = axis(&[0.0, f64::from(highest)], true);
            assert!(ticks.iter().all(|tick| tick.fract() == 0.0), "{highest}: {ticks:?}");
            assert!((2..=7).contains(&ticks.len()), "{highest}: {ticks:?}");
        }
    }

    #[test]
    fn a_share_runs_from_the_first_tick_to_the_last() {
        let axis = ValueAxis { ticks: vec![10.0, 20.0, 30.0] };
        for (value, share) in [(10.0, 0.0), (20.0, 0.5), (30.0, 1.0)] {
            assert!((axis.share(value) - share).abs() < f64::EPSILON);
        }
    }

    #[test]
    fn huge_values_have_an_axis() {
        assert_eq!(axis(&[9.1e18], true), [0.0, 2.5e18, 5e18, 7.5e18, 1e19]);
    }
}
