//! Collections that yielded no metric at all: when the next one is tried.

use chrono::{DateTime, TimeDelta, Utc};

/// The wait after the first such collection.
const FIRST_WAIT: TimeDelta = TimeDelta::minutes(3);
/// The longest wait between two of them.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(1);

/// Collections in a row that yielded no metric at all, since OHE's tables are missing or may not be read. They make no
/// batch, so the slot they were made for stays due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmptyTries {
    /// How many there were, counted from 1.
    pub count: u32,
    /// When the last one began.
    pub last: DateTime<Utc>,
}

impl EmptyTries {
    /// When the next collection is due at the earliest: the wait doubles from three minutes to an hour.
    pub fn next_try(&self) -> DateTime<Utc> {
        let doublings = self.count.saturating_sub(1).min(5);
        self.last + (FIRST_WAIT * (1 << doublings)).min(LONGEST_WAIT)
    }

    /// Is it too early at `now` to try again? A last try that lies in the future, after the clock stepped back, holds nothing
    /// up.
    pub fn rests(&self, now: DateTime<Utc>) -> bool {
        self.last <= now && now < self.next_try()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tries(count: u32) -> EmptyTries {
        EmptyTries { count, last: DateTime::UNIX_EPOCH }
    }

    #[test]
    fn the_wait_doubles_from_three_minutes_to_an_hour() {
        for (count, minutes) in [(0, 3), (1, 3), (2, 6), (3, 12), (4, 24), (5, 48), (6, 60), (7, 60), (u32::MAX, 60)] {
            assert_eq!(tries(count).next_try() - DateTime::UNIX_EPOCH, TimeDelta::minutes(minutes), "{count}");
        }
    }

    #[test]
    fn it_rests_until_the_next_try_and_not_because_of_a_time_to_come() {
        for (seconds, rests) in [(-1, false), (0, true), (179, true), (180, false), (9_999, false)] {
            assert_eq!(tries(1).rests(DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)), rests, "{seconds}");
        }
    }
}
