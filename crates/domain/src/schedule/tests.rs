//! Each rule as a table of cases.

use super::*;

pub(super) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(super) fn schedule() -> Schedule {
    Schedule {
        collect: DEFAULT_COLLECTION_CRON.parse().unwrap(),
        upload: DEFAULT_UPLOAD_CRON.parse().unwrap(),
        interval: TimeDelta::days(i64::from(DEFAULT_INTERVAL_DAYS)),
        spread: TimeDelta::zero(),
        jitter: 1.0,
        longest_wait: TimeDelta::days(2),
    }
}

/// An install that collected and delivered on Sunday 2025-11-09, and keeps checking in.
pub(super) fn settled(now: DateTime<Utc>) -> State {
    State {
        last_collection: Some(at("2025-11-09T02:00:07Z")),
        last_scheduled_collection: Some(at("2025-11-09T02:00:07Z")),
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
        state.last_scheduled_collection = state.last_collection;
    };
    assert_eq!(keys("2025-11-16T02:00:00Z", caught_up_on_wednesday), ["collect:2025-11-16T02:00:00Z"]);
}

#[test]
fn a_slot_within_the_interval_of_the_first_batch_is_skipped() {
    let first = |text: &'static str| {
        move |state: &mut State| {
            state.last_collection = Some(at(text));
            state.last_scheduled_collection = Some(at(text));
            state.last_collection_slot = None;
        }
    };
    assert!(keys("2025-11-16T02:00:00Z", first("2025-11-12T17:00:00Z")).is_empty());
    assert!(keys("2025-11-20T02:00:00Z", first("2025-11-12T17:00:00Z")).is_empty(), "nor made up for later");
    assert_eq!(keys("2025-11-23T02:00:00Z", first("2025-11-12T17:00:00Z")), ["collect:2025-11-23T02:00:00Z"]);
    assert!(keys("2025-11-16T02:00:00Z", first("2025-11-09T02:00:00.000001Z")).is_empty(), "exact to the tick");
    assert_eq!(keys("2025-11-16T02:00:00Z", first("2025-11-09T02:00:00Z")).len(), 1);
}

#[test]
fn a_collection_by_hand_moves_no_slot() {
    for by_hand in ["2025-11-09T02:01:00Z", "2025-11-12T17:00:00Z", "2025-11-16T01:59:59Z"] {
        let pressed = |state: &mut State| state.last_collection = Some(at(by_hand));
        assert_eq!(keys("2025-11-16T02:00:00Z", pressed), ["collect:2025-11-16T02:00:00Z"], "{by_hand}");
        assert_eq!(
            schedule().next_collection(at("2025-11-16T01:59:59Z"), &{
                let mut state = settled(at("2025-11-16T01:59:59Z"));
                pressed(&mut state);
                state
            }),
            Some(at("2025-11-16T02:00:00Z"))
        );
    }
}

/// What becomes of the slots after one that was recorded at `recorded`, on the schedule `cron`.
fn slot_after(recorded: &str, cron: &str, spread: i64, now: &str) -> Option<String> {
    let schedule = Schedule { collect: cron.parse().unwrap(), spread: TimeDelta::seconds(spread), ..schedule() };
    let state = State { last_collection_slot: Some(at(recorded)), ..settled(at(now)) };
    due(at(now), &state, &schedule).into_iter().map(|due| due.key).find(|key| key.starts_with("collect:"))
}

#[test]
fn neither_a_changed_schedule_nor_a_changed_spread_skips_a_slot() {
    for (recorded, cron, now, expected) in [
        // An earlier release recorded the slot with the spread.
        ("2025-11-09T02:02:34Z", "0 2 * * 0", "2025-11-16T01:59:59Z", None),
        ("2025-11-09T02:02:34Z", "0 2 * * 0", "2025-11-16T02:00:00Z", Some("collect:2025-11-16T02:00:00Z")),
        ("2025-11-09T02:02:34Z", "0 2 * * 0", "2025-11-09T02:10:00Z", None),
        // An hour earlier, a day earlier.
        ("2025-11-09T02:00:00Z", "0 1 * * 0", "2025-11-16T01:00:00Z", Some("collect:2025-11-16T01:00:00Z")),
        ("2025-11-09T02:00:00Z", "0 2 * * 6", "2025-11-15T02:00:00Z", Some("collect:2025-11-15T02:00:00Z")),
        // An hour later: not twice on one day, and not a week without.
        ("2025-11-09T02:00:00Z", "0 3 * * 0", "2025-11-09T03:00:00Z", None),
        ("2025-11-09T02:00:00Z", "0 3 * * 0", "2025-11-16T03:00:00Z", Some("collect:2025-11-16T03:00:00Z")),
        // Denser slots than the interval: it is the interval that counts.
        ("2025-11-09T02:00:00Z", "0 2 * * *", "2025-11-15T02:00:00Z", None),
        ("2025-11-09T02:00:00Z", "0 2 * * *", "2025-11-16T02:00:00Z", Some("collect:2025-11-16T02:00:00Z")),
    ] {
        for spread in [0, 154, 600] {
            assert_eq!(slot_after(recorded, cron, spread, now).as_deref(), expected, "{recorded}, {cron}, {now}");
        }
    }
}

#[test]
fn a_new_install_is_one_job_however_long_it_waits_for_its_administrator() {
    for now in ["2025-11-12T10:00:00Z", "2025-11-12T10:02:59Z", "2025-11-12T10:03:00Z", "2026-11-12T10:03:00Z"] {
        assert_eq!(due(at(now), &State::default(), &schedule())[0].key, "collect:first");
    }
}

#[test]
fn a_collection_that_yielded_nothing_is_due_again_after_its_wait_under_the_same_key() {
    let tries = |count, last: &'static str| {
        move |state: &mut State| state.empty_tries = Some(EmptyTries { count, last: at(last) })
    };
    for (now, count, last, expected) in [
        ("2025-11-16T02:02:59Z", 1, "2025-11-16T02:00:00Z", None),
        ("2025-11-16T02:03:00Z", 1, "2025-11-16T02:00:00Z", Some("collect:2025-11-16T02:00:00Z")),
        ("2025-11-16T02:08:59Z", 2, "2025-11-16T02:03:00Z", None),
        ("2025-11-16T02:09:00Z", 2, "2025-11-16T02:03:00Z", Some("collect:2025-11-16T02:00:00Z")),
        ("2025-11-18T05:59:59Z", 99, "2025-11-18T05:00:00Z", None),
        ("2025-11-18T06:00:00Z", 99, "2025-11-18T05:00:00Z", Some("collect:2025-11-16T02:00:00Z")),
        // The clock stepped back.
        ("2025-11-16T02:00:30Z", 9, "2025-11-17T00:00:00Z", Some("collect:2025-11-16T02:00:00Z")),
    ] {
        assert_eq!(keys(now, tries(count, last)), Vec::from_iter(expected), "{now} {count}");
    }
    let new = |state: &mut State| {
        *state = State::default();
        state.empty_tries = Some(EmptyTries { count: 1, last: at("2025-11-10T12:00:00Z") });
    };
    assert!(keys("2025-11-10T12:02:00Z", new).is_empty());
    assert_eq!(keys("2025-11-10T12:03:00Z", new), ["collect:first"]);
}

#[test]
fn the_first_batch_goes_out_at_once_and_later_ones_in_their_slot() {
    let waiting = |state: &mut State| state.oldest_pending = Some(at("2025-11-10T02:00:00Z"));
    assert!(keys("2025-11-10T02:59:59Z", waiting).is_empty());
    assert_eq!(keys("2025-11-10T03:00:00Z", waiting), ["upload:2025-11-10T03:00:00Z"]);
    assert_eq!(keys("2025-11-10T22:00:00Z", waiting), ["upload:2025-11-10T03:00:00Z"], "a missed slot is caught up");
    let first = |state: &mut State| {
        waiting(state);
        state.last_upload_attempt = None;
    };
    assert_eq!(keys("2025-11-10T02:00:00Z", first), ["upload:first:2025-11-10T02:00:00Z"]);
    assert!(keys("2025-11-10T03:00:00Z", |_| ()).is_empty(), "nothing waits, nothing is due");
    let collected_after_the_slot = |state: &mut State| state.oldest_pending = Some(at("2025-11-10T03:00:01Z"));
    assert!(keys("2025-11-11T02:59:59Z", collected_after_the_slot).is_empty(), "nothing waited at the last slot");
    assert_eq!(keys("2025-11-11T03:00:00Z", collected_after_the_slot), ["upload:2025-11-11T03:00:00Z"]);
}

#[test]
fn what_a_run_left_behind_is_due_as_soon_as_nobody_is_at_it() {
    let cut_short = |is_sending| {
        move |state: &mut State| {
            state.oldest_pending = Some(at("2025-11-09T02:00:07Z"));
            state.is_sending = is_sending;
        }
    };
    assert!(keys("2025-11-09T03:00:05Z", cut_short(true)).is_empty());
    assert_eq!(keys("2025-11-09T03:00:05Z", cut_short(false)), ["upload:rest:2025-11-09T03:00:04Z"]);
    assert_eq!(keys("2025-11-10T03:00:00Z", cut_short(true)), ["upload:2025-11-10T03:00:00Z"]);
}

#[test]
fn the_newest_batch_is_sent_again_at_once_while_the_vendor_shows_an_older_one_and_after_the_backoff_where_that_failed()
{
    let stale = |failures: u32, is_sending: bool| {
        move |state: &mut State| {
            (state.portal_is_stale, state.failed_uploads, state.is_sending) = (true, failures, is_sending);
        }
    };
    assert_eq!(keys("2025-11-09T03:00:05Z", stale(0, false)), ["upload:again:2025-11-09T03:00:04Z"]);
    assert!(keys("2025-11-09T03:00:05Z", stale(0, true)).is_empty(), "a run is at it");
    assert!(keys("2025-11-09T03:00:33Z", stale(1, false)).is_empty());
    assert_eq!(keys("2025-11-09T03:00:34Z", stale(1, false)), ["upload:retry:2025-11-09T03:00:04Z"]);
    assert!(keys("2025-11-09T04:00:03Z", stale(500, false)).is_empty());
    assert_eq!(keys("2025-11-09T04:00:04Z", stale(500, false)).len(), 1, "an hour at most, for ever");
    let with_pending = |state: &mut State| {
        stale(0, false)(state);
        state.oldest_pending = Some(at("2025-11-09T03:00:06Z"));
    };
    let due = keys("2025-11-09T03:00:07Z", with_pending);
    assert_eq!(due, ["upload:again:2025-11-09T03:00:04Z"], "not only in the slot of a batch that waits");
    let retried = |state: &mut State| {
        stale(2, false)(state);
        state.oldest_pending = Some(at("2025-11-09T02:00:07Z"));
    };
    assert!(keys("2025-11-09T03:01:03Z", retried).is_empty(), "one backoff for both");
    assert_eq!(keys("2025-11-09T03:01:04Z", retried), ["upload:retry:2025-11-09T03:00:04Z"], "and one run");
}

#[test]
fn a_batch_does_not_wait_for_a_slot_that_is_too_far_away() {
    let monthly = Schedule { upload: "0 3 1 * *".parse().unwrap(), ..schedule() };
    let state = State { oldest_pending: Some(at("2025-11-10T02:00:00Z")), ..settled(at("2025-11-12T01:59:59Z")) };
    assert_eq!(due(at("2025-11-12T01:59:59Z"), &state, &monthly), []);
    assert_eq!(monthly.next_upload(at("2025-11-12T01:59:59Z"), &state), Some(at("2025-11-12T02:00:00Z")));
    assert_eq!(due(at("2025-11-12T02:00:00Z"), &state, &monthly)[0].key, "upload:late:2025-11-10T02:00:00Z");
}

#[test]
fn a_failed_delivery_is_retried_after_the_backoff_and_never_given_up() {
    let failed = |failures: u32| {
        move |state: &mut State| {
            state.oldest_pending = Some(at("2025-11-09T02:00:07Z"));
            state.last_upload_attempt = Some(at("2025-11-10T03:00:00Z"));
            state.failed_uploads = failures;
        }
    };
    assert!(keys("2025-11-10T03:00:29Z", failed(1)).is_empty());
    assert_eq!(keys("2025-11-10T03:00:30Z", failed(1)), ["upload:retry:2025-11-10T03:00:00Z"]);
    assert!(keys("2025-11-10T03:59:59Z", failed(500)).is_empty());
    assert_eq!(keys("2025-11-10T04:00:00Z", failed(500)).len(), 1, "an hour at most, for ever");
}

#[test]
fn a_vendor_who_asks_for_it_is_left_alone_for_an_hour_at_most() {
    let asked = |wait: u64| {
        move |state: &mut State| {
            state.oldest_pending = Some(at("2025-11-09T02:00:07Z"));
            state.last_upload_attempt = Some(at("2025-11-10T03:00:00Z"));
            state.failed_uploads = 1;
            state.last_check_in = None;
            state.retry_after =
                Some(RetryAfter { asked_at: at("2025-11-10T03:00:05Z"), wait: Duration::from_secs(wait) });
        }
    };
    let both = ["upload:retry:2025-11-10T03:00:00Z", "check-in:"];
    assert!(keys("2025-11-10T03:02:04Z", asked(120)).is_empty());
    assert_eq!(keys("2025-11-10T03:02:05Z", asked(120)), both);
    assert_eq!(keys("2025-11-10T03:00:10Z", asked(5)), ["check-in:"], "our own wait before a retry is longer");
    assert!(keys("2025-11-10T04:00:04Z", asked(86_400)).is_empty());
    assert_eq!(keys("2025-11-10T04:00:05Z", asked(86_400)), both);
}

#[test]
fn a_job_whose_work_is_still_due_runs_again() {
    let ended_at = at("2025-11-10T03:00:00Z");
    for (ended, wait) in [
        (Ended::Done, TimeDelta::minutes(2)),
        (Ended::Failed { times: 1 }, TimeDelta::seconds(30)),
        (Ended::Failed { times: 3 }, TimeDelta::minutes(2)),
        (Ended::Failed { times: 99 }, TimeDelta::hours(1)),
    ] {
        let tick = TimeDelta::microseconds(1);
        assert!(!runs_again(ended_at + wait - tick, ended_at, ended), "{ended:?}");
        assert!(runs_again(ended_at + wait, ended_at, ended), "{ended:?}");
        assert!(!runs_again(ended_at - wait + tick, ended_at, ended), "{ended:?}, the clocks disagree a little");
        assert!(runs_again(ended_at - wait, ended_at, ended), "{ended:?}, the clock stepped back");
    }
}

#[test]
fn the_next_delivery_is_the_retry_where_one_is_to_come() {
    let now = at("2025-11-10T04:00:00Z");
    let mut state =
        State { oldest_pending: Some(now), last_upload_attempt: Some(at("2025-11-10T03:59:50Z")), ..settled(now) };
    assert_eq!(schedule().next_upload(now, &state), Some(at("2025-11-11T03:00:00Z")));
    state.failed_uploads = 1;
    assert_eq!(schedule().next_upload(now, &state), Some(at("2025-11-10T04:00:20Z")));
    assert_eq!(schedule().next_upload(at("2025-11-10T05:00:00Z"), &state), Some(at("2025-11-10T05:00:00Z")), "overdue");
    state.oldest_pending = None;
    assert_eq!(schedule().next_upload(now, &state), Some(at("2025-11-11T03:00:00Z")), "nothing waits");
}

#[test]
fn the_vendor_hears_from_an_install_at_least_every_four_hours() {
    let heard = |text: &'static str| move |state: &mut State| state.last_check_in = Some(at(text));
    assert!(keys("2025-11-10T03:49:59Z", heard("2025-11-10T00:00:00Z")).is_empty());
    assert_eq!(keys("2025-11-10T03:50:00Z", heard("2025-11-10T00:00:00Z")), ["check-in:2025-11-10T00:00:00Z"]);
    assert_eq!(keys("2025-11-10T00:00:00Z", |state| state.last_check_in = None), ["check-in:"]);
    assert!(keys("2025-11-10T00:00:00Z", |state| (state.last_check_in, state.has_identity) = (None, false)).is_empty());
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
        state.last_scheduled_collection = state.last_collection;
        state.last_collection_slot = None;
        state.last_upload_attempt = Some(at("2027-01-01T00:00:00Z"));
        state.last_check_in = Some(at("2027-01-01T00:00:00Z"));
        state.oldest_pending = Some(at("2025-11-10T03:30:00Z"));
    };
    assert_eq!(
        keys("2025-11-10T04:00:00Z", from_the_future),
        ["collect:2025-11-09T02:00:00Z", "upload:first:2025-11-10T03:30:00Z", "check-in:"]
    );
}

#[test]
fn the_spread_delays_our_own_scheduler_alone_and_moves_no_slot() {
    let spread = Schedule { spread: TimeDelta::seconds(154), ..schedule() };
    let slot = at("2025-11-16T02:00:00Z");
    let collect = [Due { work: Work::Collect { slot: Some(slot) }, key: "collect:2025-11-16T02:00:00Z".to_owned() }];
    for (now, by_anybody, by_the_scheduler) in [
        ("2025-11-16T01:59:59Z", &[][..], &[][..]),
        ("2025-11-16T02:00:00Z", &collect, &[]),
        ("2025-11-16T02:02:33Z", &collect, &[]),
        ("2025-11-16T02:02:34Z", &collect, &collect),
    ] {
        let state = settled(at(now));
        assert_eq!(due(at(now), &state, &spread), by_anybody, "{now}");
        assert_eq!(due_after_spread(at(now), &state, &spread), by_the_scheduler, "{now}");
    }
    let acted_on = State { last_collection_slot: Some(slot), ..settled(slot) };
    assert_eq!(due_after_spread(at("2025-11-16T02:02:34Z"), &acted_on, &spread), [], "a CronJob was there first");
    assert_eq!(spread.next_upload(slot, &State::default()), Some(at("2025-11-16T03:02:34Z")));
    assert_eq!(spread.next_collection(slot, &settled(slot)), Some(at("2025-11-16T02:02:34Z")));
    assert_eq!(spread.next_collection(slot, &acted_on), Some(at("2025-11-23T02:02:34Z")));
}

#[test]
fn a_spread_that_is_wider_than_the_slots_lie_apart_holds_up_nothing() {
    let dense = Schedule { upload: "* * * * *".parse().unwrap(), spread: TimeDelta::seconds(599), ..schedule() };
    let now = at("2025-11-10T12:01:00Z");
    let state = State { oldest_pending: Some(at("2025-11-10T12:00:20Z")), ..settled(now) };
    assert_eq!(due_after_spread(now, &state, &dense)[0].key, "upload:2025-11-10T11:51:00Z");
}

#[test]
fn a_batch_that_the_spread_put_behind_the_upload_slot_goes_along_with_it() {
    let spread = Schedule { spread: TimeDelta::minutes(9), ..schedule() };
    let due_at = |now: &str| {
        let state = State { oldest_pending: Some(at("2025-11-10T03:08:00Z")), ..settled(at(now)) };
        due_after_spread(at(now), &state, &spread).into_iter().map(|due| due.key).collect::<Vec<_>>()
    };
    assert!(due_at("2025-11-10T03:08:59Z").is_empty());
    assert_eq!(due_at("2025-11-10T03:09:00Z"), ["upload:2025-11-10T03:00:00Z"]);
}

#[test]
fn the_next_collection_passes_over_slots_that_would_be_skipped() {
    let now = at("2025-11-12T00:00:00Z");
    let mut state = settled(now);
    assert_eq!(schedule().next_collection(now, &state), Some(at("2025-11-16T02:00:00Z")));
    state.last_collection = Some(at("2025-11-11T00:00:00Z"));
    (state.last_scheduled_collection, state.last_collection_slot) = (state.last_collection, None);
    assert_eq!(schedule().next_collection(now, &state), Some(at("2025-11-23T02:00:00Z")));
    assert_eq!(schedule().next_collection(now, &State::default()), Some(at("2025-11-16T02:00:00Z")));
}

#[test]
fn a_collection_by_hand_is_too_recent_within_the_interval() {
    let state = settled(at("2025-11-10T00:00:00Z"));
    let week = TimeDelta::days(7);
    assert!(state.collected_too_recently(at("2025-11-16T02:00:06.999999Z"), week));
    assert!(!state.collected_too_recently(at("2025-11-16T02:00:07Z"), week));
    assert!(!state.collected_too_recently(at("2025-11-01T00:00:00Z"), week), "a batch from the future does not block");
    assert!(!State::default().collected_too_recently(at("2025-11-01T00:00:00Z"), week));
}
