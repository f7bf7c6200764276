//! What is due: one pure function of the time, the state and the schedule.
//!
//! Cron ticks, a CronJob pod, a button and the start-up check all ask [`due`] and enqueue what it says under the
//! idempotency key of the work, so any number of replicas and clicks make one run.

mod cron;
mod empty_tries;
mod occasion;

use std::time::Duration;

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};

pub use cron::{CronError, CronExpression};
pub use empty_tries::EmptyTries;
pub use occasion::{COLLECT_NOW_EVERY, NotNow, Occasion, Plan, plan};

use crate::delivery::{LONGEST_RETRY, backoff};

/// Collect each Sunday at 02:00 UTC.
pub const DEFAULT_COLLECTION_CRON: &str = "0 2 * * 0";
/// Deliver each day at 03:00 UTC.
pub const DEFAULT_UPLOAD_CRON: &str = "0 3 * * *";
/// A collection within this many days of the last one is skipped.
pub const DEFAULT_INTERVAL_DAYS: u16 = 7;
/// How soon work that is still due is looked at again although its job is done: nothing could be done then, for want of an
/// administrator or because another process was at it. The vendor knows a new install within 3 minutes of its first
/// administrator, so this leaves a minute for the collection and the delivery.
pub const CHECK_AGAIN: TimeDelta = TimeDelta::minutes(2);
/// The vendor hears from an install at least every 4 hours; a little sooner, so that a slow request does not exceed it.
pub const CHECK_IN_EVERY: TimeDelta = TimeDelta::minutes(4 * 60 - 10);

/// When things happen, as configured.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Slots in which a batch is collected.
    pub collect: CronExpression,
    /// Slots in which waiting batches are delivered.
    pub upload: CronExpression,
    /// A collection within this time of the last one is skipped.
    pub interval: TimeDelta,
    /// How long after a slot the scheduler of this install acts on it. A few minutes, different for each install and
    /// stable for one, so that not all installs call the vendor in the same second. It moves no slot.
    pub spread: TimeDelta,
    /// Where between its bounds the wait before a retry lies, 0..=1; different for each install.
    pub jitter: f64,
    /// The longest that a batch waits for an upload slot: with slots further apart than the license rule's threshold, users
    /// would be warned although all is well.
    pub longest_wait: TimeDelta,
}

impl Schedule {
    /// The latest collection slot at or before `now`.
    pub fn latest_collection_slot(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.collect.latest(now)
    }

    /// The latest upload slot at or before `now`.
    pub fn latest_upload_slot(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.upload.latest(now)
    }

    /// When the scheduler will next collect a batch, given the last collection: slots too soon after it are passed over.
    pub fn next_collection(&self, now: DateTime<Utc>, state: &State) -> Option<DateTime<Utc>> {
        let next = self.collect.next(now - self.spread)?;
        let earliest = self.earliest_collection_slot(now, state).filter(|&earliest| earliest > next);
        let slot = earliest.map_or(Some(next), |earliest| self.collect.next_from(earliest))?;
        Some(slot + self.spread)
    }

    /// When waiting batches will next be delivered: after the next slot, or sooner where a failed delivery is tried again
    /// or the slot is too far away.
    pub fn next_upload(&self, now: DateTime<Utc>, state: &State) -> Option<DateTime<Utc>> {
        let slot = self.upload.next(now - self.spread)? + self.spread;
        let retry = state.last_upload_attempt.filter(|&last| last <= now).and_then(|last| self.retry_at(last, state));
        let sooner = retry.or_else(|| Some(state.oldest_pending? + self.longest_wait));
        Some(sooner.map_or(slot, |sooner| sooner.max(now).min(slot)))
    }

    /// No slot before this instant is acted on any more; `None` if every slot may be.
    ///
    /// The interval runs from slot to slot. A recorded slot that the present schedule does not name stems from another
    /// schedule, or from an earlier release, which added the spread; it counts as the present schedule's slot at or before
    /// it, so that neither loses the next slot. Half the interval lies between two slots in any case: a schedule that is
    /// moved to a later hour must not make a second batch on the same day.
    fn earliest_collection_slot(&self, now: DateTime<Utc>, state: &State) -> Option<DateTime<Utc>> {
        let Some(last) = state.last_collection_slot.filter(|&last| last <= now) else {
            let last = state.last_scheduled_collection.filter(|&last| last <= now)?;
            return Some(last + self.interval);
        };
        let counts_as = self.collect.latest(last).unwrap_or(last);
        Some((counts_as + self.interval).max(last + self.interval / 2))
    }

    /// When a delivery that failed at `last` is tried again; `None` if none failed, or nothing waits.
    fn retry_at(&self, last: DateTime<Utc>, state: &State) -> Option<DateTime<Utc>> {
        if state.failed_uploads == 0 || (state.oldest_pending.is_none() && !state.portal_is_stale) {
            return None;
        }
        let backed_off = last + backoff(state.failed_uploads, self.jitter);
        Some(state.retry_after.map_or(backed_off, |asked| asked.until().max(backed_off)))
    }
}

/// The vendor's wish to be left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryAfter {
    /// When it was uttered.
    pub asked_at: DateTime<Utc>,
    /// For how long.
    pub wait: Duration,
}

impl RetryAfter {
    /// Until when the vendor is left alone: never for longer than [`LONGEST_RETRY`].
    pub fn until(&self) -> DateTime<Utc> {
        self.asked_at + self.wait.min(LONGEST_RETRY)
    }

    /// Is the vendor to be left alone at `now`?
    pub fn is_in_force(&self, now: DateTime<Utc>) -> bool {
        now < self.until()
    }
}

/// What has happened so far, as the database knows it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    /// When the newest batch was collected.
    pub last_collection: Option<DateTime<Utc>>,
    /// When the newest batch was collected that nobody asked for by hand: for a slot, or as an install's first.
    pub last_scheduled_collection: Option<DateTime<Utc>>,
    /// The slot of that batch; `None` if it was an install's first.
    pub last_collection_slot: Option<DateTime<Utc>>,
    /// Collections since then that yielded no metric at all; `None` if the last one made a batch.
    pub empty_tries: Option<EmptyTries>,
    /// When the oldest batch that waits for delivery was collected; `None` if none waits.
    pub oldest_pending: Option<DateTime<Utc>>,
    /// Does the vendor show an older batch than the newest that was delivered? Then that one is sent again.
    pub portal_is_stale: bool,
    /// Is a process delivering at this moment?
    pub is_sending: bool,
    /// Does the vendor know this install?
    pub has_identity: bool,
    /// The last attempt to deliver a batch.
    pub last_upload_attempt: Option<DateTime<Utc>>,
    /// Attempts that failed since the last that succeeded.
    pub failed_uploads: u32,
    /// What the vendor asked for in its last reply, where that was a failure.
    pub retry_after: Option<RetryAfter>,
    /// The last check-in that the vendor accepted. A delivered batch is none: the portal goes by check-ins.
    pub last_check_in: Option<DateTime<Utc>>,
    /// The last attempt to check in.
    pub last_check_in_attempt: Option<DateTime<Utc>>,
    /// Check-ins that failed since then.
    pub failed_check_ins: u32,
}

impl State {
    /// Is a collection at `now` within `interval` of the last one? For runs that act on no slot; slots are judged by [`due`].
    /// A time to come (the clock stepped back) counts for nothing.
    pub fn collected_too_recently(&self, now: DateTime<Utc>, interval: TimeDelta) -> bool {
        self.last_collection.is_some_and(|last| last <= now && now - last < interval)
    }
}

/// A piece of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// Collect a batch.
    Collect {
        /// The slot it is collected for; none for an install's first.
        slot: Option<DateTime<Utc>>,
    },
    /// Deliver all waiting batches.
    Upload,
    /// Tell the vendor that this install is alive.
    CheckIn,
}

/// Work that is due, and the key under which it is done once however often it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// What to do.
    pub work: Work,
    /// Equal for everyone who finds this work due.
    pub key: String,
}

/// What is due at `now`. Pure: the same for everyone who looks at the same state. A slot is due from the time that the
/// schedule names.
pub fn due(now: DateTime<Utc>, state: &State, schedule: &Schedule) -> Vec<Due> {
    due_with_slots_until(now, now, state, schedule)
}

/// What the scheduler of this install acts on at `now`: the same as [`due`], but it lets the spread pass after a slot.
pub fn due_after_spread(now: DateTime<Utc>, state: &State, schedule: &Schedule) -> Vec<Due> {
    due_with_slots_until(now - schedule.spread, now, state, schedule)
}

/// What is due at `now`, where slots after `until` are left alone for the time being.
fn due_with_slots_until(until: DateTime<Utc>, now: DateTime<Utc>, state: &State, schedule: &Schedule) -> Vec<Due> {
    let collection = due_collection(until, now, state, schedule);
    if state.retry_after.is_some_and(|asked| asked.is_in_force(now)) {
        return collection.into_iter().collect();
    }
    let upload = due_upload(until, now, state, schedule).or_else(|| due_again(now, state, schedule));
    [collection, upload, due_check_in(now, state, schedule)].into_iter().flatten().collect()
}

fn due_collection(until: DateTime<Utc>, now: DateTime<Utc>, state: &State, schedule: &Schedule) -> Option<Due> {
    if state.empty_tries.is_some_and(|tries| tries.rests(now)) {
        return None;
    }
    if state.last_collection.is_none() {
        return Some(Due { work: Work::Collect { slot: None }, key: "collect:first".to_owned() });
    }
    let slot = schedule.latest_collection_slot(until)?;
    let is_due = match schedule.earliest_collection_slot(now, state) {
        Some(earliest) => slot >= earliest,
        None => state.last_collection_slot != Some(slot),
    };
    is_due.then(|| Due { work: Work::Collect { slot: Some(slot) }, key: format!("collect:{}", stamp(slot)) })
}

fn due_upload(until: DateTime<Utc>, now: DateTime<Utc>, state: &State, schedule: &Schedule) -> Option<Due> {
    let oldest = state.oldest_pending?;
    let work =
        |why: &str, of: DateTime<Utc>| Some(Due { work: Work::Upload, key: format!("upload:{why}{}", stamp(of)) });
    let Some(last) = state.last_upload_attempt.filter(|&last| last <= now) else {
        // The first batch of an install goes out at once.
        return work("first:", oldest);
    };
    if let Some(retry_at) = schedule.retry_at(last, state) {
        return (now >= retry_at).then(|| work("retry:", last))?;
    }
    // A run tries every batch that waits. One was passed by: the run ended before its time, with its process or its database.
    if oldest <= last && !state.is_sending {
        return work("rest:", last);
    }
    // The spread may put a collection between the slot and the delivery that acts on it; its batch goes along.
    let slot = schedule.latest_upload_slot(until).filter(|&slot| oldest <= slot + schedule.spread && last < slot);
    match slot {
        Some(slot) => work("", slot),
        None => (now - oldest >= schedule.longest_wait).then(|| work("late:", oldest))?,
    }
}

/// The newest delivered batch is sent again at once where the vendor shows an older one: the run that let the older one
/// through ended before it could do so. Where it failed, it waits as a failed delivery does.
fn due_again(now: DateTime<Utc>, state: &State, schedule: &Schedule) -> Option<Due> {
    if !state.portal_is_stale || state.is_sending {
        return None;
    }
    let last = state.last_upload_attempt.filter(|&last| last <= now);
    let key = match last.and_then(|last| Some((last, schedule.retry_at(last, state)?))) {
        Some((last, retry_at)) => (now >= retry_at).then(|| format!("upload:retry:{}", stamp(last)))?,
        None => format!("upload:again:{}", last.map(stamp).unwrap_or_default()),
    };
    Some(Due { work: Work::Upload, key })
}

fn due_check_in(now: DateTime<Utc>, state: &State, schedule: &Schedule) -> Option<Due> {
    if !state.has_identity {
        return None;
    }
    let since = match (state.last_check_in_attempt, state.failed_check_ins) {
        (Some(attempt), failures @ 1..) if attempt <= now => {
            if now < attempt + backoff(failures, schedule.jitter) {
                return None;
            }
            Some(attempt)
        }
        _ => state.last_check_in.filter(|&last| last <= now),
    };
    if state.failed_check_ins == 0 && since.is_some_and(|last| now - last < CHECK_IN_EVERY) {
        return None;
    }
    Some(Due { work: Work::CheckIn, key: format!("check-in:{}", since.map(stamp).unwrap_or_default()) })
}

/// How the last run of a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It did what there was to do, which may be nothing.
    Done,
    /// It failed, for so many times in a row.
    Failed {
        /// Counted from 1.
        times: u32,
    },
}

/// May a job run again at `now` that ended at `ended_at`, given that its work is due still? Without this a slot would be
/// lost to a run that could do nothing. An end in the future, after the clock stepped back, counts like one in the past.
pub fn runs_again(now: DateTime<Utc>, ended_at: DateTime<Utc>, ended: Ended) -> bool {
    let wait = match ended {
        Ended::Done => CHECK_AGAIN,
        Ended::Failed { times } => TimeDelta::from_std(backoff(times, 1.0)).unwrap_or(CHECK_AGAIN),
    };
    (now - ended_at).abs() >= wait
}

fn stamp(at: DateTime<Utc>) -> String {
    at.trunc_subsecs(6).to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

#[cfg(test)]
mod tests;
