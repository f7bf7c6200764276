//! What is due: one pure function of the time, the state and the schedule.
//!
//! Cron ticks, a CronJob pod, a button and the start-up check all ask [`due`] and enqueue what it says under the
//! idempotency key of the work, so any number of replicas and clicks make one run.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, DurationRound as _, SubsecRound as _, TimeDelta, Utc};
use croner::Cron;
use croner::parser::{CronParser, Seconds};

use crate::delivery::backoff;

/// Collect each Sunday at 02:00 UTC.
pub const DEFAULT_COLLECTION_CRON: &str = "0 2 * * 0";
/// Deliver each day at 03:00 UTC.
pub const DEFAULT_UPLOAD_CRON: &str = "0 3 * * *";
/// A collection within this many days of the last one is skipped.
pub const DEFAULT_INTERVAL_DAYS: u16 = 7;
/// How often an install without a first batch looks for its administrator.
pub const BOOTSTRAP_CHECK: TimeDelta = TimeDelta::minutes(3);
/// The vendor hears from an install at least every 4 hours; a little sooner, so that a slow request does not exceed it.
pub const CHECK_IN_EVERY: TimeDelta = TimeDelta::minutes(4 * 60 - 10);

/// A cron expression with five fields, in UTC.
#[derive(Clone)]
pub struct CronExpression(Cron);

impl CronExpression {
    /// The latest occurrence at or before `now`; none if there never was one.
    fn latest(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.0.find_previous_occurrence(&now, true).ok()
    }

    /// The first occurrence after `now`; none if there is none to come.
    fn next(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.0.find_next_occurrence(&now, false).ok()
    }
}

impl FromStr for CronExpression {
    type Err = CronError;

    fn from_str(text: &str) -> Result<Self, CronError> {
        let fault = |reason: String| CronError { text: text.to_owned(), reason };
        let cron = CronParser::builder()
            .seconds(Seconds::Disallowed)
            .build()
            .parse(text.trim())
            .map_err(|error| fault(error.to_string()))?;
        // `0 0 30 2 *` parses, and never comes.
        cron.find_next_occurrence(&DateTime::UNIX_EPOCH, false).map_err(|_| fault("it never occurs".to_owned()))?;
        Ok(Self(cron))
    }
}

impl fmt::Display for CronExpression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl fmt::Debug for CronExpression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CronExpression({self})")
    }
}

/// A text that is no usable cron expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a cron expression of five fields (minute hour day month weekday), such as `0 2 * * 0`: {reason}"
)]
pub struct CronError {
    text: String,
    reason: String,
}

/// When things happen, as configured.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Slots in which a batch is collected.
    pub collect: CronExpression,
    /// Slots in which waiting batches are delivered.
    pub upload: CronExpression,
    /// A collection within this time of the last one is skipped.
    pub interval: TimeDelta,
    /// Added to every slot. A few minutes, different for each install and stable for one, so that not all installs
    /// call the vendor in the same second.
    pub spread: TimeDelta,
    /// Where between its bounds the wait before a retry lies, 0..=1; different for each install.
    pub jitter: f64,
}

impl Schedule {
    /// The latest collection slot at or before `now`.
    pub fn latest_collection_slot(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        Some(self.collect.latest(now - self.spread)? + self.spread)
    }

    /// The latest upload slot at or before `now`.
    pub fn latest_upload_slot(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        Some(self.upload.latest(now - self.spread)? + self.spread)
    }

    /// The next slot in which a batch will be collected, given the last collection: slots too soon after it are passed over.
    pub fn next_collection(&self, now: DateTime<Utc>, state: &State) -> Option<DateTime<Utc>> {
        let mut slot = self.collect.next(now - self.spread)? + self.spread;
        // Bounded: an interval is at most some years, and a slot a minute apart from the next is the densest schedule.
        let earliest = state.last_collection_counts_as(now).map(|last| last + self.interval);
        if let Some(earliest) = earliest.filter(|&earliest| earliest > slot) {
            slot = self.collect.0.find_next_occurrence(&(earliest - self.spread), true).ok()? + self.spread;
        }
        Some(slot)
    }

    /// When waiting batches will next be delivered: in the next slot, or sooner where a failed delivery is tried again.
    pub fn next_upload(&self, now: DateTime<Utc>, state: &State) -> Option<DateTime<Utc>> {
        let slot = self.upload.next(now - self.spread)? + self.spread;
        let retry = state.last_upload_attempt.filter(|&last| last <= now).and_then(|last| self.retry_at(last, state));
        Some(retry.map_or(slot, |retry| retry.max(now).min(slot)))
    }

    /// When a delivery that failed at `last` is tried again; none where none failed, or nothing waits.
    fn retry_at(&self, last: DateTime<Utc>, state: &State) -> Option<DateTime<Utc>> {
        if state.failed_uploads == 0 || state.pending == 0 {
            return None;
        }
        let wait = backoff(state.failed_uploads, self.jitter, state.retry_after);
        last.checked_add_signed(TimeDelta::from_std(wait).ok()?)
    }
}

/// What has happened so far, as the database knows it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    /// When the newest batch was collected.
    pub last_collection: Option<DateTime<Utc>>,
    /// The slot that batch was collected for; none where it was collected by hand or as an install's first.
    pub last_collection_slot: Option<DateTime<Utc>>,
    /// Batches that wait for delivery.
    pub pending: u64,
    /// Does the vendor know this install?
    pub has_identity: bool,
    /// The last attempt to deliver a batch.
    pub last_upload_attempt: Option<DateTime<Utc>>,
    /// Attempts that failed since the last that succeeded.
    pub failed_uploads: u32,
    /// What the vendor asked for in its last reply, where that was a failure.
    pub retry_after: Option<Duration>,
    /// When the vendor last heard from this install: a delivered batch or a check-in.
    pub last_check_in: Option<DateTime<Utc>>,
    /// The last attempt to check in.
    pub last_check_in_attempt: Option<DateTime<Utc>>,
    /// Check-ins that failed since the vendor last heard from this install.
    pub failed_check_ins: u32,
}

impl State {
    /// The instant from which the collection interval runs: the slot where there was one, so that a collection that ran
    /// seconds after its slot does not push the next one out of its own. A time to come (the clock stepped back) counts
    /// for nothing.
    fn last_collection_counts_as(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.last_collection_slot.or(self.last_collection).filter(|&last| last <= now)
    }

    /// Is a collection at `now` within `interval` of the last one? For runs asked for by hand; slots are judged by [`due`].
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

/// What is due at `now`. Pure: the same for every replica that looks at the same state.
pub fn due(now: DateTime<Utc>, state: &State, schedule: &Schedule) -> Vec<Due> {
    [due_collection(now, state, schedule), due_upload(now, state, schedule), due_check_in(now, state, schedule)]
        .into_iter()
        .flatten()
        .collect()
}

fn due_collection(now: DateTime<Utc>, state: &State, schedule: &Schedule) -> Option<Due> {
    if state.last_collection.is_none() {
        let check = now.duration_trunc(BOOTSTRAP_CHECK).ok()?;
        return Some(Due { work: Work::Collect { slot: None }, key: format!("collect:first:{}", stamp(check)) });
    }
    let slot = schedule.latest_collection_slot(now)?;
    let waited = match state.last_collection_counts_as(now) {
        Some(last) => slot > last && slot - last >= schedule.interval,
        None => state.last_collection_slot != Some(slot),
    };
    waited.then(|| Due { work: Work::Collect { slot: Some(slot) }, key: format!("collect:{}", stamp(slot)) })
}

fn due_upload(now: DateTime<Utc>, state: &State, schedule: &Schedule) -> Option<Due> {
    if state.pending == 0 {
        return None;
    }
    let work = |key| Some(Due { work: Work::Upload, key });
    let Some(last) = state.last_upload_attempt.filter(|&last| last <= now) else {
        // The first batch of an install goes out at once. Keyed by what is there, not by the time: one run for all who ask.
        return work(format!("upload:first:{}", state.last_collection.map(stamp).unwrap_or_default()));
    };
    if let Some(retry_at) = schedule.retry_at(last, state) {
        return (now >= retry_at).then(|| work(format!("upload:retry:{}", stamp(last))))?;
    }
    let slot = schedule.latest_upload_slot(now)?;
    (last < slot).then(|| work(format!("upload:{}", stamp(slot))))?
}

fn due_check_in(now: DateTime<Utc>, state: &State, schedule: &Schedule) -> Option<Due> {
    if !state.has_identity {
        return None;
    }
    let since = match (state.last_check_in_attempt, state.failed_check_ins) {
        (Some(attempt), failures @ 1..) if attempt <= now => {
            let wait = TimeDelta::from_std(backoff(failures, schedule.jitter, None)).ok()?;
            if now - attempt < wait {
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

fn stamp(at: DateTime<Utc>) -> String {
    at.trunc_subsecs(6).to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn schedule() -> Schedule {
        Schedule {
            collect: DEFAULT_COLLECTION_CRON.parse().unwrap(),
            upload: DEFAULT_UPLOAD_CRON.parse().unwrap(),
            interval: TimeDelta::days(i64::from(DEFAULT_INTERVAL_DAYS)),
            spread: TimeDelta::zero(),
            jitter: 1.0,
        }
    }

    /// An install that collected and delivered on Sunday 2025-11-09, and keeps checking in.
    fn settled(now: DateTime<Utc>) -> State {
        State {
            last_collection: Some(at("2025-11-09T02:00:07Z")),
            last_collection_slot: Some(at("2025-11-09T02:00:00Z")),
            has_identity: true,
            last_upload_attempt: Some(at("2025-11-09T03:00:04Z")),
            last_check_in: Some(now),
            ..State::default()
        }
    }

    fn keys(now: &str, change: impl FnOnce(&mut State)) -> Vec<String> {
        let now = at(now);
        let mut state = settled(now);
        change(&mut state);
        due(now, &state, &schedule()).into_iter().map(|due| due.key).collect()
    }

    #[test]
    fn a_batch_is_collected_once_in_each_slot() {
        for (now, expected) in [
            ("2025-11-15T23:59:59Z", None),
            ("2025-11-16T01:59:59.999999Z", None),
            ("2025-11-16T02:00:00Z", Some("collect:2025-11-16T02:00:00Z")),
            ("2025-11-16T02:00:30Z", Some("collect:2025-11-16T02:00:00Z")),
            // Nothing ran for days: the slot is caught up, under its own key; after weeks only the latest one.
            ("2025-11-19T17:00:00Z", Some("collect:2025-11-16T02:00:00Z")),
            ("2025-12-03T17:00:00Z", Some("collect:2025-11-30T02:00:00Z")),
        ] {
            assert_eq!(keys(now, |_| ()), Vec::from_iter(expected), "{now}");
        }
    }

    #[test]
    fn a_late_run_counts_for_its_slot_and_does_not_lose_the_next() {
        let caught_up_on_wednesday = |state: &mut State| {
            state.last_collection = Some(at("2025-11-12T17:00:00Z"));
        };
        assert_eq!(keys("2025-11-16T02:00:00Z", caught_up_on_wednesday), ["collect:2025-11-16T02:00:00Z"]);
    }

    #[test]
    fn a_slot_within_the_interval_of_a_collection_by_hand_is_skipped() {
        let by_hand = |text: &'static str| {
            move |state: &mut State| {
                state.last_collection = Some(at(text));
                state.last_collection_slot = None;
            }
        };
        assert!(keys("2025-11-16T02:00:00Z", by_hand("2025-11-12T17:00:00Z")).is_empty());
        assert!(keys("2025-11-20T02:00:00Z", by_hand("2025-11-12T17:00:00Z")).is_empty(), "nor made up for later");
        assert_eq!(keys("2025-11-23T02:00:00Z", by_hand("2025-11-12T17:00:00Z")), ["collect:2025-11-23T02:00:00Z"]);
        assert!(keys("2025-11-16T02:00:00Z", by_hand("2025-11-09T02:00:00.000001Z")).is_empty(), "exact to the tick");
        assert_eq!(keys("2025-11-16T02:00:00Z", by_hand("2025-11-09T02:00:00Z")).len(), 1);
    }

    #[test]
    fn a_new_install_is_looked_at_every_three_minutes() {
        for (now, key) in [
            ("2025-11-12T10:00:00Z", "collect:first:2025-11-12T10:00:00Z"),
            ("2025-11-12T10:02:59Z", "collect:first:2025-11-12T10:00:00Z"),
            ("2025-11-12T10:03:00Z", "collect:first:2025-11-12T10:03:00Z"),
        ] {
            assert_eq!(due(at(now), &State::default(), &schedule())[0].key, key);
        }
    }

    #[test]
    fn the_first_batch_goes_out_at_once_and_later_ones_in_their_slot() {
        let waiting = |state: &mut State| state.pending = 1;
        assert!(keys("2025-11-10T02:59:59Z", waiting).is_empty());
        assert_eq!(keys("2025-11-10T03:00:00Z", waiting), ["upload:2025-11-10T03:00:00Z"]);
        assert_eq!(
            keys("2025-11-10T22:00:00Z", waiting),
            ["upload:2025-11-10T03:00:00Z"],
            "a missed slot is caught up"
        );
        let first = |state: &mut State| {
            state.pending = 1;
            state.last_upload_attempt = None;
        };
        assert_eq!(keys("2025-11-10T02:00:00Z", first), ["upload:first:2025-11-09T02:00:07Z"]);
        assert!(keys("2025-11-10T03:00:00Z", |_| ()).is_empty(), "nothing waits, nothing is due");
    }

    #[test]
    fn a_failed_delivery_is_retried_after_the_backoff_and_never_given_up() {
        let failed = |failures: u32, retry_after: Option<u64>| {
            move |state: &mut State| {
                state.pending = 3;
                state.last_upload_attempt = Some(at("2025-11-10T03:00:00Z"));
                state.failed_uploads = failures;
                state.retry_after = retry_after.map(Duration::from_secs);
            }
        };
        assert!(keys("2025-11-10T03:00:29Z", failed(1, None)).is_empty());
        assert_eq!(keys("2025-11-10T03:00:30Z", failed(1, None)), ["upload:retry:2025-11-10T03:00:00Z"]);
        assert!(keys("2025-11-10T03:01:30Z", failed(1, Some(120))).is_empty(), "Retry-After is obeyed");
        assert_eq!(keys("2025-11-10T03:02:00Z", failed(1, Some(120))).len(), 1);
        assert!(keys("2025-11-10T03:59:59Z", failed(500, None)).is_empty());
        assert_eq!(keys("2025-11-10T04:00:00Z", failed(500, None)).len(), 1, "an hour at most, for ever");
    }

    #[test]
    fn the_next_delivery_is_the_retry_where_one_is_to_come() {
        let now = at("2025-11-10T04:00:00Z");
        let mut state = State { pending: 1, last_upload_attempt: Some(at("2025-11-10T03:59:50Z")), ..settled(now) };
        assert_eq!(schedule().next_upload(now, &state), Some(at("2025-11-11T03:00:00Z")));
        state.failed_uploads = 1;
        assert_eq!(schedule().next_upload(now, &state), Some(at("2025-11-10T04:00:20Z")));
        assert_eq!(
            schedule().next_upload(at("2025-11-10T05:00:00Z"), &state),
            Some(at("2025-11-10T05:00:00Z")),
            "overdue"
        );
        state.pending = 0;
        assert_eq!(schedule().next_upload(now, &state), Some(at("2025-11-11T03:00:00Z")), "nothing waits");
    }

    #[test]
    fn the_vendor_hears_from_an_install_at_least_every_four_hours() {
        let heard = |text: &'static str| move |state: &mut State| state.last_check_in = Some(at(text));
        assert!(keys("2025-11-10T03:49:59Z", heard("2025-11-10T00:00:00Z")).is_empty());
        assert_eq!(keys("2025-11-10T03:50:00Z", heard("2025-11-10T00:00:00Z")), ["check-in:2025-11-10T00:00:00Z"]);
        assert_eq!(keys("2025-11-10T00:00:00Z", |state| state.last_check_in = None), ["check-in:"]);
        assert!(
            keys("2025-11-10T00:00:00Z", |state| (state.last_check_in, state.has_identity) = (None, false)).is_empty()
        );
    }

    #[test]
    fn a_failed_check_in_is_retried_after_the_backoff() {
        let failed = |state: &mut State| {
            state.last_check_in = Some(at("2025-11-10T00:00:00Z"));
            state.last_check_in_attempt = Some(at("2025-11-10T03:50:00Z"));
            state.failed_check_ins = 2;
        };
        assert!(keys("2025-11-10T03:50:59Z", failed).is_empty());
        assert_eq!(keys("2025-11-10T03:51:00Z", failed), ["check-in:2025-11-10T03:50:00Z"]);
    }

    #[test]
    fn a_clock_that_stepped_back_does_not_stop_the_work() {
        let from_the_future = |state: &mut State| {
            state.last_collection = Some(at("2027-01-01T00:00:00Z"));
            state.last_collection_slot = None;
            state.last_upload_attempt = Some(at("2027-01-01T00:00:00Z"));
            state.last_check_in = Some(at("2027-01-01T00:00:00Z"));
            state.pending = 1;
        };
        assert_eq!(
            keys("2025-11-10T04:00:00Z", from_the_future),
            ["collect:2025-11-09T02:00:00Z", "upload:first:2027-01-01T00:00:00Z", "check-in:"]
        );
    }

    #[test]
    fn the_spread_moves_every_slot() {
        let spread = Schedule { spread: TimeDelta::seconds(150), ..schedule() };
        let state = State { pending: 1, ..settled(at("2025-11-16T02:02:29Z")) };
        assert!(due(at("2025-11-16T02:02:29Z"), &State { pending: 0, ..state.clone() }, &spread).is_empty());
        let slot = at("2025-11-16T02:02:30Z");
        assert_eq!(due(slot, &State { pending: 0, ..state }, &spread)[0].work, Work::Collect { slot: Some(slot) });
        assert_eq!(spread.next_upload(slot, &State::default()), Some(at("2025-11-16T03:02:30Z")));
    }

    #[test]
    fn the_next_collection_passes_over_slots_that_would_be_skipped() {
        let now = at("2025-11-12T00:00:00Z");
        let mut state = settled(now);
        assert_eq!(schedule().next_collection(now, &state), Some(at("2025-11-16T02:00:00Z")));
        (state.last_collection, state.last_collection_slot) = (Some(at("2025-11-11T00:00:00Z")), None);
        assert_eq!(schedule().next_collection(now, &state), Some(at("2025-11-23T02:00:00Z")));
        assert_eq!(schedule().next_collection(now, &State::default()), Some(at("2025-11-16T02:00:00Z")));
    }

    #[test]
    fn a_collection_by_hand_is_too_recent_within_the_interval() {
        let state = settled(at("2025-11-10T00:00:00Z"));
        let week = TimeDelta::days(7);
        assert!(state.collected_too_recently(at("2025-11-16T02:00:06.999999Z"), week));
        assert!(!state.collected_too_recently(at("2025-11-16T02:00:07Z"), week));
        assert!(
            !state.collected_too_recently(at("2025-11-01T00:00:00Z"), week),
            "a batch from the future does not block"
        );
        assert!(!State::default().collected_too_recently(at("2025-11-01T00:00:00Z"), week));
    }

    #[test]
    fn cron_expressions_have_five_fields_and_sunday_is_zero() {
        let sunday: CronExpression = "0 2 * * 0".parse().unwrap();
        assert_eq!(sunday.next(at("2025-11-10T00:00:00Z")), Some(at("2025-11-16T02:00:00Z")));
        assert_eq!(sunday.to_string(), "0 2 * * 0");
        for bad in ["", "0 2 * *", "0 0 2 * * 0", "61 * * * *", "every day", "0 0 30 2 *"] {
            let error = bad.parse::<CronExpression>().unwrap_err();
            assert!(
                error.to_string().starts_with(&format!("`{bad}` is not a cron expression of five fields")),
                "{error}"
            );
        }
    }
}
