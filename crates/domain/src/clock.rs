//! Where the time comes from.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// A source of the current time (UTC). Everything that needs "now" takes one of these, or the instant itself.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The current instant.
    fn now(&self) -> DateTime<Utc>;
}

/// How far two clocks may be apart before somebody should know: schedules and the license rule go by this machine's.
pub const TOLERATED_OFFSET: TimeDelta = TimeDelta::minutes(5);

/// Is another clock, ahead of ours by `offset` (or behind, where negative), so far off that it should be set?
pub fn is_off(offset: TimeDelta) -> bool {
    offset.abs() > TOLERATED_OFFSET
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine for the time")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// A clock that stands still until it is moved by hand. Clones share the same hands.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<Mutex<DateTime<Utc>>>);

impl ManualClock {
    /// A clock that stands at `now`.
    pub fn new(now: DateTime<Utc>) -> Self {
        Self(Arc::new(Mutex::new(now)))
    }

    /// Sets the clock, forwards or backwards.
    pub fn set(&self, now: DateTime<Utc>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// Moves the clock by `step`, backwards where it is negative.
    pub fn advance(&self, step: TimeDelta) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += step;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_of_a_manual_clock_move_together_and_backwards_too() {
        let clock = ManualClock::new(DateTime::UNIX_EPOCH);
        let same = clock.clone();
        clock.advance(TimeDelta::hours(3));
        assert_eq!(same.now(), DateTime::UNIX_EPOCH + TimeDelta::hours(3));
        same.set(DateTime::UNIX_EPOCH - TimeDelta::days(1));
        assert_eq!(clock.now(), DateTime::UNIX_EPOCH - TimeDelta::days(1));
    }

    #[test]
    fn five_minutes_are_tolerated_in_both_directions() {
        let tick = TimeDelta::microseconds(1);
        for (offset, off) in [
            (TimeDelta::zero(), false),
            (TOLERATED_OFFSET, false),
            (TOLERATED_OFFSET + tick, true),
            (-TOLERATED_OFFSET, false),
            (-TOLERATED_OFFSET - tick, true),
        ] {
            assert_eq!(is_off(offset), off, "{offset}");
        }
    }

    #[test]
    fn the_system_clock_does_not_stand_at_the_epoch() {
        assert!(SystemClock.now() > DateTime::UNIX_EPOCH + TimeDelta::days(365 * 50));
    }
}
