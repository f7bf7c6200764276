//! Random lives: schedules, replicas, outages, restarts and clocks that step.

use std::ops::Range;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::schedule::Schedule;
use proptest::prelude::*;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use crate::install::{Install, Vendor};

const DAY: TimeDelta = TimeDelta::days(1);

/// A stretch of a life, in minutes from its beginning.
type Stretch = Range<i64>;

/// Everything that befalls an install in some weeks.
#[derive(Debug, Clone)]
pub(crate) struct Life {
    pub(crate) days: i64,
    collect: &'static str,
    upload: &'static str,
    interval_days: i64,
    pub(crate) threshold_days: u16,
    jitter: f64,
    /// How far each replica's clock is off, in seconds.
    replicas: Vec<i64>,
    outages: Vec<(Stretch, Option<u64>)>,
    /// When collections yield nothing: OHE's tables are not there yet, or may not be read.
    barren: Vec<Stretch>,
    /// When nothing runs.
    downtimes: Vec<Stretch>,
    /// All clocks step by so many minutes at that minute.
    clock_steps: Vec<(i64, i64)>,
    /// Of a hundred delivery runs, so many are killed.
    kills: u32,
    seed: u64,
}

const COLLECT: [&str; 5] = ["0 2 * * 0", "30 4 * * *", "0 */6 * * *", "0 0 1 * *", "15 13 * * 3"];
const UPLOAD: [&str; 5] = ["0 3 * * *", "0 */8 * * *", "30 2 * * 5", "0 0 1 * *", "*/30 * * * *"];

fn schedules() -> impl Strategy<Value = Life> {
    (
        prop::sample::select(&COLLECT[..]),
        prop::sample::select(&UPLOAD[..]),
        1..=14_i64,
        1..=10_u16,
        0.0..=1.0,
        prop::collection::vec(-120..=120_i64, 1..=3),
        any::<u64>(),
    )
        .prop_map(|(collect, upload, interval_days, threshold_days, jitter, replicas, seed)| Life {
            days: 0,
            collect,
            upload,
            interval_days,
            threshold_days,
            jitter,
            replicas,
            outages: Vec::new(),
            barren: Vec::new(),
            downtimes: Vec::new(),
            clock_steps: Vec::new(),
            kills: 0,
            seed,
        })
}

fn stretch(days: i64, longest: i64) -> impl Strategy<Value = Stretch> {
    (0..days * 1440, 1..=longest).prop_map(|(start, length)| start..start + length)
}

/// Months in which everything may go wrong, for weeks on end.
pub(crate) fn any_life() -> impl Strategy<Value = Life> {
    let days = 60;
    let outage = (stretch(days, 45 * 1440), prop::option::of(0..100_000_u64));
    (
        schedules(),
        prop::collection::vec(outage, 0..4),
        prop::collection::vec(stretch(days, 20 * 1440), 0..4),
        prop::collection::vec(stretch(days, 10 * 1440), 0..3),
        prop::collection::vec((0..days * 1440, -4 * 1440..=4 * 1440_i64), 0..3),
        0..50_u32,
    )
        .prop_map(move |(schedule, outages, barren, downtimes, clock_steps, kills)| Life {
            days,
            outages,
            barren,
            downtimes,
            clock_steps,
            kills,
            ..schedule
        })
}

/// Weeks in which the vendor and the machine are away for some hours now and then, and everything arrives.
pub(crate) fn healthy_life() -> impl Strategy<Value = Life> {
    let days = 40;
    let hiccups = prop::collection::btree_map(0..days, (0..1440_i64, 1..=120_i64, any::<bool>()), 0..12);
    (schedules(), hiccups, 0..50_u32).prop_map(move |(schedule, hiccups, kills)| {
        let mut life = Life { days, kills, ..schedule };
        for (day, (minute, length, is_outage)) in hiccups {
            let stretch = day * 1440 + minute..day * 1440 + minute + length;
            if is_outage { life.outages.push((stretch, None)) } else { life.downtimes.push(stretch) }
        }
        life
    })
}

impl Life {
    /// The same life, in which collections yield nothing until `end`.
    pub(crate) fn barren_until(self, end: TimeDelta) -> Self {
        Self { barren: std::iter::once(0..end.num_minutes()).collect(), ..self }
    }

    fn start() -> DateTime<Utc> {
        "2025-11-02T00:00:00Z".parse().unwrap()
    }

    fn install(&self) -> Install {
        let schedule = Schedule {
            collect: self.collect.parse().unwrap(),
            upload: self.upload.parse().unwrap(),
            interval: DAY * i32::try_from(self.interval_days).unwrap(),
            spread: TimeDelta::zero(),
            jitter: self.jitter,
            longest_wait: DAY * i32::from(self.threshold_days) / 2,
        };
        Install::new(schedule, self.threshold_days)
    }

    fn vendor(&self, minute: i64) -> Vendor {
        let outage = self.outages.iter().find(|(stretch, _)| stretch.contains(&minute));
        outage.map_or(Vendor::Accepts, |(_, seconds)| Vendor::Fails { retry_after: seconds.map(Duration::from_secs) })
    }

    /// How many metrics a collection yields: none in a barren time, and otherwise all of them or a part.
    fn metrics(&self, minute: i64, numbers: &mut ChaCha8Rng) -> u32 {
        let is_barren = self.barren.iter().any(|stretch| stretch.contains(&minute));
        if is_barren { 0 } else { numbers.random_range(1..=89) }
    }

    fn is_down(&self, minute: i64) -> bool {
        self.downtimes.iter().any(|stretch| stretch.contains(&minute))
    }

    /// What the clocks show at a true time.
    fn clock(&self, elapsed: TimeDelta) -> DateTime<Utc> {
        let steps = self.clock_steps.iter().filter(|(minute, _)| *minute <= elapsed.num_minutes());
        Self::start() + elapsed + TimeDelta::minutes(steps.map(|(_, step)| step).sum())
    }

    /// When the last misfortune is over.
    pub(crate) fn calm_after(&self) -> TimeDelta {
        let quiet = self.downtimes.iter().chain(&self.barren).map(|stretch| stretch.end);
        let ends = self.outages.iter().map(|(stretch, _)| stretch.end).chain(quiet);
        let all = ends.chain(self.clock_steps.iter().map(|(minute, _)| *minute)).chain([self.days * 1440]);
        TimeDelta::minutes(all.max().unwrap_or_default())
    }

    /// Shows the install at each moment up to `next` at which its license may change. Until then nothing changes but the
    /// time: that is now, the last moment, each step of the clock, and the one at which the oldest batch is overdue.
    fn look_until(
        &self,
        next: TimeDelta,
        elapsed: TimeDelta,
        install: &Install,
        look: &mut impl FnMut(&Install, DateTime<Utc>) -> Result<(), TestCaseError>,
    ) -> Result<(), TestCaseError> {
        let tick = TimeDelta::microseconds(1);
        let steps = self.clock_steps.iter().map(|(minute, _)| TimeDelta::minutes(*minute));
        for moment in steps.flat_map(|step| [step - tick, step]).chain([elapsed, next - tick]) {
            if (elapsed..next).contains(&moment) {
                look(install, self.clock(moment))?;
            }
        }
        let (from, to) = (self.clock(elapsed), self.clock(next - tick));
        let overdue = install.pending().map(|batch| batch.collected_at + DAY * i32::from(self.threshold_days)).min();
        if let Some(overdue) = overdue.filter(|overdue| (from..to).contains(overdue)) {
            look(install, overdue)?;
            look(install, overdue + tick)?;
        }
        Ok(())
    }

    /// Lives until `end`, and shows the install to `look` whenever its license may change, with what its clock shows then.
    pub(crate) fn live(
        &self,
        end: TimeDelta,
        mut look: impl FnMut(&Install, DateTime<Utc>) -> Result<(), TestCaseError>,
    ) -> Result<Install, TestCaseError> {
        let mut install = self.install();
        let mut numbers = ChaCha8Rng::seed_from_u64(self.seed);
        let mut elapsed = TimeDelta::zero();
        while elapsed < end {
            let minute = elapsed.num_minutes();
            if !self.is_down(minute) {
                for skew in &self.replicas {
                    let dies = numbers.random_range(0..100) < self.kills;
                    let now = self.clock(elapsed) + TimeDelta::seconds(*skew);
                    let metrics = self.metrics(minute, &mut numbers);
                    install.tick(now, self.vendor(minute), metrics, dies);
                }
            }
            let next = elapsed + TimeDelta::seconds([15, 300, 1800, 3600][numbers.random_range(0..4)]);
            self.look_until(next, elapsed, &install, &mut look)?;
            elapsed = next;
        }
        Ok(install)
    }
}
