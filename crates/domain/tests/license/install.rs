//! What an install's database holds, in memory: enough of it to say what is due and what users see.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::license::{LicenseFacts, LicenseStatus, license_status};
use domain::schedule::{Due, EmptyTries, Ended, RetryAfter, Schedule, State, Work, due, runs_again};

/// A run gives up after so many failures in a row, as the service's does.
const UNREACHABLE_AFTER: usize = 3;

#[derive(Debug, Clone)]
pub(crate) struct Batch {
    pub(crate) collected_at: DateTime<Utc>,
    slot: Option<DateTime<Utc>>,
    pub(crate) uploaded_at: Option<DateTime<Utc>>,
    /// How many metrics it holds; never none.
    pub(crate) metrics: u32,
    failures: Vec<DateTime<Utc>>,
}

/// How the vendor answers at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Vendor {
    Accepts,
    Fails { retry_after: Option<Duration> },
}

#[derive(Debug)]
pub(crate) struct Install {
    pub(crate) schedule: Schedule,
    pub(crate) threshold_days: u16,
    pub(crate) batches: Vec<Batch>,
    /// Collections since the last batch that yielded nothing.
    empty_tries: Option<EmptyTries>,
    deliveries: Vec<DateTime<Utc>>,
    refusal: Option<(DateTime<Utc>, Option<Duration>)>,
    jobs: HashMap<String, (DateTime<Utc>, Ended)>,
}

impl Install {
    pub(crate) fn new(schedule: Schedule, threshold_days: u16) -> Self {
        let (batches, deliveries, jobs) = (Vec::new(), Vec::new(), HashMap::new());
        Self { schedule, threshold_days, batches, empty_tries: None, deliveries, refusal: None, jobs }
    }

    pub(crate) fn pending(&self) -> impl Iterator<Item = &Batch> {
        self.batches.iter().filter(|batch| batch.uploaded_at.is_none())
    }

    /// As the query for the facts says it.
    fn state(&self, now: DateTime<Utc>) -> State {
        let newest =
            self.batches.iter().filter(|batch| batch.collected_at <= now).max_by_key(|batch| batch.collected_at);
        let oldest = self.pending().min_by_key(|batch| batch.collected_at);
        let known = |at: &&DateTime<Utc>| **at <= now;
        let delivered = self.deliveries.iter().filter(known).max().copied();
        let failed = self.batches.iter().flat_map(|batch| &batch.failures).filter(known).max().copied();
        let failures = oldest.map_or(0, |oldest| {
            let since =
                oldest.failures.iter().filter(known).filter(|&&at| delivered.is_none_or(|last| at > last)).count();
            since.max(usize::from(!oldest.failures.is_empty()))
        });
        let refusal = self.refusal.filter(|&(at, _)| at <= now && delivered.is_none_or(|last| at > last));
        State {
            last_collection: newest.map(|batch| batch.collected_at),
            last_scheduled_collection: newest.map(|batch| batch.collected_at),
            last_collection_slot: newest.and_then(|batch| batch.slot),
            empty_tries: self
                .empty_tries
                .filter(|tries| tries.last <= now && newest.is_none_or(|newest| tries.last > newest.collected_at)),
            oldest_pending: oldest.map(|batch| batch.collected_at),
            last_upload_attempt: delivered.max(failed),
            failed_uploads: u32::try_from(failures).unwrap(),
            retry_after: refusal.and_then(|(asked_at, wait)| Some(RetryAfter { asked_at, wait: wait? })),
            ..State::default()
        }
    }

    /// A process asks what is due and does it. A collection yields so many `metrics`, which may be none. It is killed after its
    /// first delivery where `dies`.
    pub(crate) fn tick(&mut self, now: DateTime<Utc>, vendor: Vendor, metrics: u32, dies: bool) {
        for due in due(now, &self.state(now), &self.schedule) {
            let last = self.jobs.get(&due.key);
            if last.is_some_and(|&(ended_at, ended)| !runs_again(now, ended_at, ended)) {
                continue;
            }
            let Due { work, key } = due;
            match work {
                Work::Collect { slot } => self.collect(now, slot, metrics),
                Work::Upload if dies => {
                    self.deliver(now, vendor, 1);
                    // Killed: its job does not end, and another process takes it over.
                    return;
                }
                Work::Upload => self.deliver(now, vendor, usize::MAX),
                Work::CheckIn => unreachable!("the vendor does not know this install"),
            }
            self.jobs.insert(key, (now, Ended::Done));
        }
    }

    fn collect(&mut self, now: DateTime<Utc>, slot: Option<DateTime<Utc>>, metrics: u32) {
        if slot.is_some() && self.batches.iter().any(|batch| batch.slot == slot) {
            return;
        }
        if metrics == 0 {
            let count = self.empty_tries.map_or(0, |tries| tries.count) + 1;
            self.empty_tries = Some(EmptyTries { count, last: now });
            return;
        }
        self.empty_tries = None;
        self.batches.push(Batch { collected_at: now, slot, uploaded_at: None, metrics, failures: Vec::new() });
    }

    fn deliver(&mut self, now: DateTime<Utc>, vendor: Vendor, at_most: usize) {
        let mut waiting = self.batches.iter_mut().filter(|batch| batch.uploaded_at.is_none()).collect::<Vec<_>>();
        waiting.sort_by_key(|batch| batch.collected_at);
        match vendor {
            Vendor::Accepts => {
                for batch in waiting.into_iter().take(at_most) {
                    batch.uploaded_at = Some(now);
                    self.deliveries.push(now);
                }
            }
            Vendor::Fails { retry_after } => {
                for batch in waiting.into_iter().take(at_most.min(UNREACHABLE_AFTER)) {
                    batch.failures.push(now);
                    self.refusal = Some((now, retry_after));
                }
            }
        }
    }

    /// What users see, as the service says it.
    pub(crate) fn license(&self, now: DateTime<Utc>) -> LicenseStatus {
        let facts = LicenseFacts {
            is_ohe: true,
            last_upload: self.batches.iter().filter_map(|batch| batch.uploaded_at).max(),
            overdue_since: self.pending().map(|batch| batch.collected_at).min(),
            threshold_days: self.threshold_days,
        };
        license_status(&facts, now)
    }
}
