//! The schedule over a year of changed configurations: which slots are acted on, and how far collections lie apart.

#![expect(clippy::unwrap_used, reason = "a test that lacks its parts cannot go on")]

use std::collections::HashSet;

use chrono::{DateTime, Days, TimeDelta, Utc};
use domain::schedule::{Due, Schedule, State, Work, due, due_after_spread};
use proptest::prelude::*;

/// Collection schedules, each with the longest time between two of its slots.
const SCHEDULES: [(&str, i64); 8] = [
    ("0 2 * * 0", 7 * 24),
    ("0 1 * * 0", 7 * 24),
    ("30 14 * * 0", 7 * 24),
    ("0 2 * * 3", 7 * 24),
    ("0 2 * * 6", 7 * 24),
    ("0 2 * * *", 24),
    ("0 * * * *", 1),
    ("0 2 1 * *", 31 * 24),
];
/// Those of [`SCHEDULES`] that name one instant of each Sunday.
const SUNDAYS: std::ops::Range<usize> = 0..3;

#[derive(Debug, Clone, Copy)]
enum Event {
    /// The scheduler of a replica looks.
    Tick,
    /// A CronJob, or a person, runs `enqueue`.
    CronJob,
    /// Somebody presses "Collect now".
    ByHand,
    /// The program starts again with this schedule and this spread, in seconds.
    Change(usize, i64),
}

fn event(schedules: std::ops::Range<usize>) -> impl Strategy<Value = (i64, Event)> {
    let change = (schedules, 0..600_i64).prop_map(|(schedule, spread)| Event::Change(schedule, spread));
    let event = prop_oneof![
        12 => Just(Event::Tick),
        4 => Just(Event::CronJob),
        1 => Just(Event::ByHand),
        1 => change,
    ];
    // Minutes since the event before; half of them as many as put it near the hour.
    (prop_oneof![1..90_i64, Just(60), Just(1), 300..900_i64], event)
}

struct Install {
    schedule: Schedule,
    slot_hours: i64,
    state: State,
    /// The slots acted on, in the order of the acts.
    slots: Vec<DateTime<Utc>>,
}

impl Install {
    fn new() -> Self {
        let mut install = Self {
            schedule: Schedule {
                collect: SCHEDULES[0].0.parse().unwrap(),
                upload: "0 3 * * *".parse().unwrap(),
                interval: TimeDelta::days(7),
                spread: TimeDelta::zero(),
                jitter: 0.5,
                longest_wait: TimeDelta::days(2),
            },
            slot_hours: 0,
            state: State::default(),
            slots: Vec::new(),
        };
        install.change(0, 154);
        install
    }

    fn change(&mut self, schedule: usize, spread: i64) {
        let (cron, hours) = SCHEDULES[schedule];
        self.schedule.collect = cron.parse().unwrap();
        (self.slot_hours, self.schedule.spread) = (hours, TimeDelta::seconds(spread));
    }

    fn live(&mut self, now: DateTime<Utc>, event: Event) {
        match event {
            Event::Tick => self.act(now, due_after_spread(now, &self.state, &self.schedule)),
            Event::CronJob => self.act(now, due(now, &self.state, &self.schedule)),
            Event::ByHand => self.state.last_collection = Some(now),
            Event::Change(schedule, spread) => self.change(schedule, spread),
        }
    }

    fn act(&mut self, now: DateTime<Utc>, due: Vec<Due>) {
        let collect = due.into_iter().find_map(|due| match due.work {
            Work::Collect { slot } => Some(slot),
            Work::Upload | Work::CheckIn => None,
        });
        let Some(slot) = collect else { return };
        (self.state.last_collection, self.state.last_scheduled_collection) = (Some(now), Some(now));
        self.state.last_collection_slot = slot;
        self.slots.extend(slot);
    }

    /// The slot, or else the instant, from which the next collection is counted.
    fn last(&self) -> Option<DateTime<Utc>> {
        self.state.last_collection_slot.or(self.state.last_scheduled_collection)
    }
}

fn start() -> DateTime<Utc> {
    "2025-11-09T02:00:00Z".parse().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_slot_is_acted_on_once_and_no_gap_exceeds_an_interval_and_a_slot(
        events in prop::collection::vec(event(0..SCHEDULES.len()), 200..1500),
    ) {
        let (mut install, mut now) = (Install::new(), start());
        for (minutes, event) in events {
            now += TimeDelta::minutes(minutes);
            install.live(now, event);
            // Whatever the past was, a look at the present leaves nothing behind that is older than this.
            if let (Event::Tick | Event::CronJob, Some(last)) = (event, install.last()) {
                let longest = install.schedule.interval + TimeDelta::hours(install.slot_hours) + install.schedule.spread;
                prop_assert!(now - last < longest, "at {now}: none since {last} on {:?}", install.schedule);
            }
        }
        let different = install.slots.iter().collect::<HashSet<_>>();
        prop_assert_eq!(different.len(), install.slots.len(), "{:?}", install.slots);
        for pair in install.slots.windows(2) {
            prop_assert!(pair[1] - pair[0] >= install.schedule.interval / 2, "{pair:?}");
        }
    }

    #[test]
    fn a_schedule_that_stays_on_sundays_loses_no_sunday_and_has_none_twice(
        events in prop::collection::vec(event(SUNDAYS), 200..1500),
    ) {
        let (mut install, mut now) = (Install::new(), start());
        // The first batch was collected in its slot.
        install.act(now, due(now, &State { last_collection: Some(now), ..State::default() }, &install.schedule));
        for (minutes, event) in events {
            let end = now + TimeDelta::minutes(minutes);
            // The scheduler looks at least every hour.
            while end - now > TimeDelta::hours(1) {
                now += TimeDelta::hours(1);
                install.live(now, Event::Tick);
            }
            now = end;
            install.live(now, event);
        }
        let days = install.slots.iter().map(DateTime::date_naive).collect::<Vec<_>>();
        for pair in days.windows(2) {
            prop_assert_eq!(pair[0] + Days::new(7), pair[1], "{:?}", install.slots);
        }
    }
}
