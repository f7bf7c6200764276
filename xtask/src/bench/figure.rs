//! What was measured, and what was aimed at.

use std::fmt;

use serde::Serialize;

use crate::stages::table;

/// One measured figure.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Figure {
    pub(super) name: &'static str,
    pub(super) value: f64,
    /// `s`, `MB` (10^6 bytes), `kB`, `1/s` or nothing for a ratio.
    pub(super) unit: &'static str,
    pub(super) aim: Aim,
}

/// What the figure should be, in its unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Aim {
    AtMost(f64),
    AtLeast(f64),
    /// It is shown for comparison.
    None,
}

impl Figure {
    pub(super) fn is_met(&self) -> bool {
        match self.aim {
            Aim::AtMost(limit) => self.value <= limit,
            Aim::AtLeast(limit) => self.value >= limit,
            Aim::None => true,
        }
    }

    fn row(&self) -> Vec<String> {
        let met = match self.aim {
            Aim::None => "",
            _ if self.is_met() => "met",
            _ => "MISSED",
        };
        vec![self.name.to_owned(), readable(self.value), self.unit.to_owned(), self.aim.to_string(), met.to_owned()]
    }
}

impl fmt::Display for Aim {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(limit) => write!(formatter, "at most {limit}"),
            Self::AtLeast(limit) => write!(formatter, "at least {limit}"),
            Self::None => Ok(()),
        }
    }
}

/// The table of all figures.
pub(super) fn print(figures: &[Figure]) {
    let rows: Vec<_> = figures.iter().map(Figure::row).collect();
    println!("\n{}", table(&["figure", "value", "unit", "aim", ""], &rows));
}

/// Three digits at least, and no more decimals than a measurement has. Counts have none.
fn readable(value: f64) -> String {
    match value.abs() {
        whole if whole.fract() == 0.0 => format!("{value:.0}"),
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_aim_is_met_up_to_its_limit() {
        for (aim, value, expected) in [
            (Aim::AtMost(0.6), 0.6, true),
            (Aim::AtMost(0.6), 0.61, false),
            (Aim::AtLeast(50.0), 50.0, true),
            (Aim::AtLeast(50.0), 49.0, false),
            (Aim::AtMost(0.6), f64::NAN, false),
            (Aim::None, f64::NAN, true),
        ] {
            let figure = Figure { name: "", value, unit: "", aim };
            assert_eq!(figure.is_met(), expected, "{figure:?}");
        }
    }

    #[test]
    fn figures_have_three_digits() {
        let texts = [0.0, 30.0, 0.4567, 1.234, 12.34, 123.4, 12345.6].map(readable);
        assert_eq!(texts, ["0", "30", "0.457", "1.23", "12.3", "123", "12346"]);
    }
}
