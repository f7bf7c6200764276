//! How many tests passed and failed.

use std::fmt;
use std::ops::AddAssign;

/// The count of a stage. A stage that is one check, such as the format, counts as one test.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) passed: u64,
    pub(super) failed: u64,
}

impl Outcome {
    pub(super) const PASSED: Self = Self { passed: 1, failed: 0 };
    pub(super) const FAILED: Self = Self { passed: 0, failed: 1 };

    /// Of a single check.
    pub(super) fn of(passed: bool) -> Self {
        if passed { Self::PASSED } else { Self::FAILED }
    }

    /// The count of a program that says how many failed, and fails itself if any did. One that fails without saying so was
    /// cut short, which is a failure too.
    pub(super) fn of_program(self, succeeded: bool) -> Self {
        if !succeeded && self.failed == 0 { Self { failed: 1, ..self } } else { self }
    }
}

impl AddAssign for Outcome {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_cut_short_is_a_failure() {
        let counted = Outcome { passed: 3, failed: 0 };
        assert_eq!(counted.of_program(true), counted);
        assert_eq!(counted.of_program(false), Outcome { passed: 3, failed: 1 });
        let failed = Outcome { passed: 3, failed: 2 };
        assert_eq!(failed.of_program(false), failed);
    }
}
