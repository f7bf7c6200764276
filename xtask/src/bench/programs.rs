//! Measurements that are programs of their own crates: each prints one line of JSON.

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::figure::{Aim, Figure};
use crate::process::{cargo, output};

/// A measurement and what is shown of its result.
pub(super) struct Program {
    /// What Cargo is told.
    words: &'static str,
    /// Field of the result, what to call it, its unit, its aim.
    fields: &'static [(&'static str, &'static str, &'static str, Aim)],
}

/// Always the same packages, so that what they depend on is compiled once.
macro_rules! bench {
    ($name:literal, $arguments:literal) => {
        concat!(
            "bench --quiet --package collectors --package ohe-telemetry --package replicated --bench ",
            $name,
            " -- ",
            $arguments
        )
    };
}

pub(super) const COLLECTION: Program = Program {
    words: bench!("collection", "--generation orgs --users 50000 --conversations 1000000"),
    fields: &[
        ("ratio", "collection, of the plain way's time", "", Aim::AtMost(0.5)),
        ("collection_seconds", "collection", "s", Aim::None),
        ("plain_seconds", "collection, the plain way", "s", Aim::None),
        ("one_core_ratio", "collection, one core, of the plain way's time", "", Aim::None),
        ("one_core_collection_seconds", "collection, one core", "s", Aim::None),
    ],
};

pub(super) const COLLECTION_BEFORE_2026: Program = Program {
    words: bench!("collection", "--generation settings --users 50000 --conversations 1000000"),
    fields: &[
        ("ratio", "collection before 2026, of the plain way's time", "", Aim::AtMost(0.5)),
        ("collection_seconds", "collection before 2026", "s", Aim::None),
        ("plain_seconds", "collection before 2026, the plain way", "s", Aim::None),
        ("one_core_ratio", "collection before 2026, one core, of the plain way's time", "", Aim::None),
        ("one_core_collection_seconds", "collection before 2026, one core", "s", Aim::None),
    ],
};

pub(super) const DELIVERY: Program = Program {
    words: bench!("delivery", ""),
    fields: &[
        ("ratio", "delivery, times as fast as by metric", "", Aim::AtLeast(50.0)),
        ("batches_per_second", "delivery", "batches/s", Aim::None),
    ],
};

pub(super) const LICENSE_STATUS: Program = Program {
    words: bench!("license_status", ""),
    fields: &[
        ("ratio", "license status, of a bare handler's rate", "", Aim::AtLeast(0.85)),
        ("license_status_requests_per_second", "license status", "requests/s", Aim::None),
        ("p99_milliseconds", "license status, 99th percentile", "ms", Aim::None),
    ],
};

/// The figures of a test, which would fail for a batch lost.
pub(super) const KILLS: Program = Program {
    words: "test --quiet --package ohe-telemetry --test failure thirty_kills -- --nocapture",
    fields: &[
        ("kills", "kills of the worker during a delivery", "", Aim::None),
        ("batches", "  batches that waited", "", Aim::None),
        ("lost", "  batches lost", "", Aim::AtMost(0.0)),
    ],
};

impl Program {
    pub(super) fn run(&self) -> Result<Vec<Figure>> {
        let printed = output(&mut cargo(self.words))?;
        self.figures(&printed)
    }

    fn figures(&self, printed: &str) -> Result<Vec<Figure>> {
        let line = printed.lines().rev().find(|line| line.starts_with('{'));
        let result: Value = serde_json::from_str(line.context("the measurement printed no line of JSON")?)?;
        // What only some systems can measure is null elsewhere.
        let measured = self.fields.iter().filter(|(field, _, _, aim)| *aim != Aim::None || !result[*field].is_null());
        let figures = measured.map(|&(field, name, unit, aim)| {
            let value =
                result[field].as_f64().with_context(|| format!("the measurement printed no number `{field}`"))?;
            Ok(Figure { name, value, unit, aim })
        });
        figures.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_json_is_found_and_its_fields_are_named() {
        let printed = "warming up\n{\"ratio\": 61.5, \"batches_per_second\": 1840, \"other\": 1}\n";
        let figures = DELIVERY.figures(printed).unwrap();
        let values: Vec<_> = figures.iter().map(|figure| (figure.unit, figure.value)).collect();
        assert_eq!(values, [("", 61.5), ("batches/s", 1840.0)]);
    }

    #[test]
    fn a_field_that_is_missing_is_an_error() {
        let error = DELIVERY.figures("{\"batches_per_second\": 61.5}\n").unwrap_err().to_string();
        assert!(error.contains("`ratio`"), "{error}");
        assert!(DELIVERY.figures("nothing").is_err());
    }
}
