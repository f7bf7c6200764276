//! What a run collects, judged at the moment at which it begins.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Schedule, State, Work, due};

/// Between two collections that somebody asks for on the dashboard lies at least this much.
pub const COLLECT_NOW_EVERY: TimeDelta = TimeDelta::minutes(1);

/// Who wants a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// A job from the queue. Its work was due when it was enqueued, which may be weeks ago.
    Job {
        /// The slot that was due then; none for an install's first batch.
        slot: Option<DateTime<Utc>>,
    },
    /// The command `collect`.
    Command,
    /// The dashboard's "Collect now".
    ByHand,
}

/// A batch that is to be collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// The slot that it is recorded for.
    pub slot: Option<DateTime<Utc>>,
    /// Was it asked for outside the schedule? Then it moves no slot.
    pub by_hand: bool,
}

/// Why nothing is to be collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotNow {
    /// The slot of the job has its batch.
    AlreadyCollected,
    /// The last collection is not long enough ago.
    TooRecent,
}

/// What is collected at `now` on this occasion. To be asked while nobody else can collect: jobs that have waited side by
/// side for weeks find one slot due, and make one batch of it.
///
/// # Errors
/// [`NotNow`] where nothing is to be collected.
pub fn plan(now: DateTime<Utc>, occasion: Occasion, state: &State, schedule: &Schedule) -> Result<Plan, NotNow> {
    let due = due(now, state, schedule).into_iter().find_map(|due| match due.work {
        Work::Collect { slot } => Some(slot),
        Work::Upload | Work::CheckIn => None,
    });
    match (occasion, due) {
        (Occasion::Job { slot: asked }, Some(slot)) => Ok(Plan { slot: slot.or(asked), by_hand: false }),
        (Occasion::Job { slot: Some(asked) }, None) if state.last_collection_slot == Some(asked) => {
            Err(NotNow::AlreadyCollected)
        }
        (Occasion::Job { .. }, None) => Err(NotNow::TooRecent),
        (Occasion::Command, Some(slot)) => Ok(Plan { slot, by_hand: false }),
        (Occasion::Command, None) => unless_within(schedule.interval, now, state),
        // The first batch of an install is its first, whoever asks for it.
        (Occasion::ByHand, _) if state.last_collection.is_none() => Ok(Plan { slot: None, by_hand: false }),
        (Occasion::ByHand, _) => unless_within(COLLECT_NOW_EVERY, now, state),
    }
}

fn unless_within(time: TimeDelta, now: DateTime<Utc>, state: &State) -> Result<Plan, NotNow> {
    if state.collected_too_recently(now, time) {
        return Err(NotNow::TooRecent);
    }
    Ok(Plan { slot: None, by_hand: true })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, schedule, settled};
    use super::*;

    /// Collected for the slot of Sunday, 2025-11-09.
    fn planned(now: &str, occasion: Occasion) -> Result<Plan, NotNow> {
        plan(at(now), occasion, &settled(at(now)), &schedule())
    }

    fn of_slot(slot: &str) -> Plan {
        Plan { slot: Some(at(slot)), by_hand: false }
    }

    #[test]
    fn a_job_that_waited_acts_on_the_slot_that_is_due_when_it_runs() {
        let job = |slot| Occasion::Job { slot: Some(at(slot)) };
        for (now, slot, expected) in [
            ("2025-11-16T02:00:05Z", "2025-11-16T02:00:00Z", Ok(of_slot("2025-11-16T02:00:00Z"))),
            ("2025-12-15T12:00:00Z", "2025-11-16T02:00:00Z", Ok(of_slot("2025-12-14T02:00:00Z"))),
            ("2025-12-15T12:00:00Z", "2025-12-14T02:00:00Z", Ok(of_slot("2025-12-14T02:00:00Z"))),
            ("2025-11-09T02:00:09Z", "2025-11-09T02:00:00Z", Err(NotNow::AlreadyCollected)),
            ("2025-11-15T12:00:00Z", "2025-11-02T02:00:00Z", Err(NotNow::TooRecent)),
        ] {
            assert_eq!(planned(now, job(slot)), expected, "{now}, {slot}");
        }
        let first = plan(at("2025-11-10T12:00:00Z"), Occasion::Job { slot: None }, &State::default(), &schedule());
        assert_eq!(first, Ok(Plan { slot: None, by_hand: false }));
        assert_eq!(planned("2025-11-09T02:00:09Z", Occasion::Job { slot: None }), Err(NotNow::TooRecent));
    }

    #[test]
    fn the_command_acts_on_the_due_slot_and_else_keeps_to_the_interval() {
        for (now, expected) in [
            ("2025-11-15T23:59:59Z", Err(NotNow::TooRecent)),
            ("2025-11-16T02:00:00Z", Ok(of_slot("2025-11-16T02:00:00Z"))),
            ("2025-11-19T17:00:00Z", Ok(of_slot("2025-11-16T02:00:00Z"))),
        ] {
            assert_eq!(planned(now, Occasion::Command), expected, "{now}");
        }
        let monthly = Schedule { collect: "0 2 9 * *".parse().unwrap(), ..schedule() };
        let between = |now| plan(at(now), Occasion::Command, &settled(at(now)), &monthly);
        assert_eq!(between("2025-11-16T02:00:06Z"), Err(NotNow::TooRecent));
        assert_eq!(between("2025-11-16T02:00:07Z"), Ok(Plan { slot: None, by_hand: true }), "no slot is due for weeks");
    }

    #[test]
    fn collect_now_ignores_the_interval_and_is_heard_once_a_minute() {
        let by_hand = Ok(Plan { slot: None, by_hand: true });
        for (now, expected) in [
            ("2025-11-09T02:01:06.999999Z", Err(NotNow::TooRecent)),
            ("2025-11-09T02:01:07Z", by_hand),
            // A slot is due; it is left for its job.
            ("2025-11-16T02:00:00Z", by_hand),
        ] {
            assert_eq!(planned(now, Occasion::ByHand), expected, "{now}");
        }
        let first = plan(at("2025-11-10T12:00:00Z"), Occasion::ByHand, &State::default(), &schedule());
        assert_eq!(first, Ok(Plan { slot: None, by_hand: false }));
    }
}
