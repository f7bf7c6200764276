//! The facts in each situation of an install's life.

use std::time::Duration;

use domain::schedule::{EmptyTries, RetryAfter, State};
use store::{Call, NewBatch, Registration, Store, StoreFacts};
use uuid::Uuid;

use crate::samples::{another, at, batch, collected, failure, migrated, registration, success};

async fn record(store: &Store, attempts: impl IntoIterator<Item = store::Attempt>) {
    for attempt in attempts {
        store.record_attempt(&attempt).await.unwrap();
    }
}

/// As they are some weeks later.
async fn facts_of(store: &Store) -> StoreFacts {
    store.facts(at("2025-11-30T00:00:00Z")).await.unwrap()
}

fn failed(batch_id: Uuid, started_at: &str) -> store::Attempt {
    failure(Call::Metrics, Some(batch_id), started_at)
}

#[tokio::test]
async fn a_new_install_knows_nothing() {
    let (_database, store) = migrated().await;
    assert_eq!(facts_of(&store).await, StoreFacts::default());
    store.identity().await.unwrap();
    assert_eq!(facts_of(&store).await, StoreFacts::default(), "a cluster id is no identity");
}

#[tokio::test]
async fn an_identity_is_a_customer_and_an_instance() {
    let (_database, store) = migrated().await;
    let customer = Registration { instance_id: None, ..registration("1") };
    store.replace_identity(&customer, None).await.unwrap();
    assert!(!facts_of(&store).await.has_identity);
    store.complete_identity(&customer, "inst_1").await.unwrap();
    assert!(facts_of(&store).await.has_identity);
}

#[tokio::test]
async fn collections_that_yield_nothing_are_counted_for_all_until_a_batch_is_stored() {
    let (database, store) = migrated().await;
    let ran = serde_json::json!({"system_metrics": "not available: table conversation_metadata"});
    for (time, count) in [("2025-11-09T01:00:00Z", 1), ("2025-11-09T01:03:00Z", 2), ("2025-11-09T01:09:00Z", 3)] {
        another(&database).record_empty_collection(at(time), &ran).await.unwrap();
        let facts = store.facts(at("2025-11-09T01:30:00Z")).await.unwrap();
        assert_eq!(facts.empty_tries, Some(EmptyTries { count, last: at(time) }), "shared, and kept");
        assert_eq!((facts.last_collection, facts.overdue_since, facts.pending), (None, None, 0), "no clock starts");
    }
    let before = store.facts(at("2025-11-09T01:05:00Z")).await.unwrap();
    assert_eq!(before.empty_tries, None, "a try in the future, after the clock stepped back, holds nothing up");
    collected(&store, "2025-11-09T02:00:00Z").await;
    assert_eq!(facts_of(&store).await.empty_tries, None);
    store.record_empty_collection(at("2025-11-09T03:00:00Z"), &ran).await.unwrap();
    let tries = facts_of(&store).await.empty_tries;
    assert_eq!(tries, Some(EmptyTries { count: 1, last: at("2025-11-09T03:00:00Z") }), "counted from 1 again");
}

#[tokio::test]
async fn a_healthy_week() {
    let (_database, store) = migrated().await;
    let slot = at("2025-11-09T02:00:00Z");
    let new = NewBatch { slot: Some(slot), ..batch("2025-11-09T02:00:07Z") };
    let id = store.insert_batch(&new).await.unwrap().id();
    record(
        &store,
        [
            success(Call::Metrics, Some(id), "2025-11-09T03:00:00Z"),
            success(Call::CheckIn, None, "2025-11-09T06:50:00Z"),
        ],
    )
    .await;
    let facts = facts_of(&store).await;
    let expected = StoreFacts {
        last_collection: Some(at("2025-11-09T02:00:07Z")),
        last_scheduled_collection: Some(at("2025-11-09T02:00:07Z")),
        last_collection_slot: Some(slot),
        last_upload: Some(at("2025-11-09T03:00:00.25Z")),
        last_attempt: Some(at("2025-11-09T03:00:00Z")),
        last_check_in: Some(at("2025-11-09T06:50:00Z")),
        last_check_in_attempt: Some(at("2025-11-09T06:50:00Z")),
        ..StoreFacts::default()
    };
    assert_eq!(facts, expected);
    assert_eq!(
        facts.schedule_state(),
        State {
            last_collection: expected.last_collection,
            last_scheduled_collection: expected.last_scheduled_collection,
            last_collection_slot: Some(slot),
            last_upload_attempt: expected.last_attempt,
            last_check_in: expected.last_check_in,
            last_check_in_attempt: expected.last_check_in_attempt,
            ..State::default()
        }
    );

    collected(&store, "2025-11-12T17:00:00Z").await;
    let by_hand = facts_of(&store).await;
    assert_eq!((by_hand.last_collection, by_hand.last_collection_slot), (Some(at("2025-11-12T17:00:00Z")), None));
    assert_eq!((by_hand.pending, by_hand.overdue_since), (1, Some(at("2025-11-12T17:00:00Z"))));
    assert_eq!(by_hand.failures_in_a_row, 0);
}

#[tokio::test]
async fn an_outage_counts_runs_and_not_the_batches_in_each() {
    let (_database, store) = migrated().await;
    let first = collected(&store, "2025-11-09T02:00:00Z").await;
    let second = collected(&store, "2025-11-16T02:00:00Z").await;
    for minute in ["00", "10", "30"] {
        record(
            &store,
            [
                failed(first, &format!("2025-11-16T03:{minute}:00Z")),
                failed(second, &format!("2025-11-16T03:{minute}:01Z")),
            ],
        )
        .await;
    }
    let facts = facts_of(&store).await;
    assert_eq!((facts.pending, facts.overdue_since), (2, Some(at("2025-11-09T02:00:00Z"))));
    assert_eq!((facts.failures_in_a_row, facts.last_attempt), (3, Some(at("2025-11-16T03:30:01Z"))));
    assert_eq!((facts.last_upload, facts.last_check_in), (None, None));
}

#[tokio::test]
async fn a_success_ends_the_row_and_what_it_left_behind_waits_for_a_first_retry() {
    let (_database, store) = migrated().await;
    let first = collected(&store, "2025-11-09T02:00:00Z").await;
    let second = collected(&store, "2025-11-16T02:00:00Z").await;
    record(
        &store,
        [
            failed(first, "2025-11-16T03:00:00Z"),
            failed(first, "2025-11-16T03:01:00Z"),
            success(Call::Metrics, Some(second), "2025-11-16T03:01:01Z"),
        ],
    )
    .await;
    let facts = facts_of(&store).await;
    assert_eq!((facts.pending, facts.failures_in_a_row), (1, 1));
    record(&store, [failed(first, "2025-11-16T03:02:00Z"), failed(first, "2025-11-16T03:03:00Z")]).await;
    assert_eq!(facts_of(&store).await.failures_in_a_row, 2);
    record(&store, [success(Call::Metrics, Some(first), "2025-11-16T03:04:00Z")]).await;
    let facts = facts_of(&store).await;
    assert_eq!((facts.pending, facts.failures_in_a_row, facts.overdue_since), (0, 0, None));
}

#[tokio::test]
async fn a_batch_set_aside_is_counted_apart_and_its_failures_no_longer() {
    let (_database, store) = migrated().await;
    let id = collected(&store, "2025-11-09T02:00:00Z").await;
    record(&store, [failed(id, "2025-11-09T03:00:00Z")]).await;
    store.set_aside(id, at("2025-11-09T03:00:01Z")).await.unwrap();
    let facts = facts_of(&store).await;
    assert_eq!((facts.pending, facts.set_aside, facts.overdue_since, facts.failures_in_a_row), (0, 1, None, 0));
}

#[tokio::test]
async fn a_failed_registration_delays_delivery_and_a_successful_one_is_no_attempt_to_deliver() {
    let (_database, store) = migrated().await;
    collected(&store, "2025-11-09T02:00:00Z").await;
    record(&store, [failure(Call::Customer, None, "2025-11-09T02:00:01Z")]).await;
    let facts = facts_of(&store).await;
    assert_eq!((facts.failures_in_a_row, facts.last_attempt), (1, Some(at("2025-11-09T02:00:01Z"))));
    record(
        &store,
        [
            success(Call::Customer, None, "2025-11-09T02:00:31Z"),
            failure(Call::Instance, None, "2025-11-09T02:00:32Z"),
            success(Call::Instance, None, "2025-11-09T02:01:32Z"),
        ],
    )
    .await;
    let facts = facts_of(&store).await;
    assert_eq!((facts.failures_in_a_row, facts.last_attempt), (2, Some(at("2025-11-09T02:00:32Z"))));
}

#[tokio::test]
async fn retry_after_runs_from_the_reply_until_the_vendor_accepts_something() {
    let (_database, store) = migrated().await;
    let id = collected(&store, "2025-11-09T02:00:00Z").await;
    let retry_after = async || facts_of(&store).await.retry_after;
    let mut limited = failed(id, "2025-11-09T03:00:00Z");
    limited.duration = Duration::from_secs(20);
    limited.failure.as_mut().unwrap().retry_after = Some(Duration::from_mins(2));
    record(&store, [limited.clone()]).await;
    let asked = RetryAfter { asked_at: at("2025-11-09T03:00:20Z"), wait: Duration::from_mins(2) };
    assert_eq!(retry_after().await, Some(asked));
    record(&store, [failed(id, "2025-11-09T03:02:00Z")]).await;
    assert_eq!(retry_after().await, None, "the last refusal names no time");
    for (accepted, at_minute) in [(Call::Metrics, 6), (Call::CheckIn, 16)] {
        limited.id = Uuid::new_v4();
        limited.started_at = at(&format!("2025-11-09T03:{:02}:00Z", at_minute - 2));
        record(&store, [limited.clone()]).await;
        assert!(retry_after().await.is_some(), "{accepted:?}");
        let batch_id = (accepted == Call::Metrics).then_some(id);
        record(&store, [success(accepted, batch_id, &format!("2025-11-09T03:{at_minute:02}:00Z"))]).await;
        assert_eq!(retry_after().await, None, "{accepted:?}");
    }
}

#[tokio::test]
async fn failed_check_ins_count_until_one_is_accepted() {
    let (_database, store) = migrated().await;
    let id = collected(&store, "2025-11-09T02:00:00Z").await;
    record(
        &store,
        [
            failure(Call::CheckIn, None, "2025-11-08T20:00:00Z"),
            success(Call::CheckIn, None, "2025-11-08T21:00:00Z"),
            failure(Call::CheckIn, None, "2025-11-09T01:00:00Z"),
            failure(Call::CheckIn, None, "2025-11-09T01:01:00Z"),
        ],
    )
    .await;
    let facts = facts_of(&store).await;
    assert_eq!((facts.last_check_in, facts.failed_check_ins), (Some(at("2025-11-08T21:00:00Z")), 2));
    assert_eq!(facts.last_check_in_attempt, Some(at("2025-11-09T01:01:00Z")));
    assert_eq!((facts.failures_in_a_row, facts.last_attempt), (0, None), "check-ins are no deliveries");
    record(&store, [success(Call::Metrics, Some(id), "2025-11-09T03:00:00Z")]).await;
    let facts = facts_of(&store).await;
    assert_eq!(facts.last_check_in, Some(at("2025-11-08T21:00:00Z")), "a delivery is no check-in");
    assert_eq!(facts.failed_check_ins, 2);
}

#[tokio::test]
async fn a_delivery_under_way_shows_while_batches_wait() {
    let (database, store) = migrated().await;
    let other = another(&database);
    let lock = other.try_sender_lock().await.unwrap().unwrap();
    assert!(!facts_of(&store).await.is_sending, "nothing waits");
    collected(&store, "2025-11-09T02:00:00Z").await;
    assert!(facts_of(&store).await.is_sending);
    lock.release().await.unwrap();
    let _collecting = other.try_collector_lock().await.unwrap();
    assert!(!facts_of(&store).await.is_sending, "collecting is not sending");
}

#[tokio::test]
async fn what_was_written_before_the_clock_stepped_back_holds_up_nothing() {
    let (_database, store) = migrated().await;
    let id = collected(&store, "2025-11-09T02:00:00Z").await;
    let ahead = collected(&store, "2026-11-09T02:00:00Z").await;
    record(
        &store,
        [
            success(Call::Metrics, Some(id), "2025-11-09T03:00:00Z"),
            success(Call::CheckIn, None, "2025-11-09T03:00:01Z"),
            failed(ahead, "2026-11-09T03:00:00Z"),
            success(Call::CheckIn, None, "2026-11-09T03:00:01Z"),
            failure(Call::CheckIn, None, "2026-11-09T07:00:00Z"),
        ],
    )
    .await;
    let facts = facts_of(&store).await;
    assert_eq!(facts.last_collection, Some(at("2025-11-09T02:00:00Z")));
    assert_eq!(facts.last_attempt, Some(at("2025-11-09T03:00:00Z")));
    assert_eq!((facts.last_check_in, facts.failed_check_ins), (Some(at("2025-11-09T03:00:01Z")), 0));
    assert_eq!(facts.last_check_in_attempt, Some(at("2025-11-09T03:00:01Z")));
    assert_eq!((facts.pending, facts.overdue_since), (1, Some(at("2026-11-09T02:00:00Z"))), "what waits, waits");
}

#[tokio::test]
async fn a_batch_by_hand_is_the_newest_and_does_not_hide_the_slot_before_it() {
    let (_database, store) = migrated().await;
    let slot = at("2025-11-09T02:00:00Z");
    store.insert_batch(&NewBatch { slot: Some(slot), ..batch("2025-11-09T02:00:07Z") }).await.unwrap();
    store.insert_batch(&NewBatch { by_hand: true, ..batch("2025-11-12T17:00:00Z") }).await.unwrap();
    let facts = facts_of(&store).await;
    assert_eq!(facts.last_collection, Some(at("2025-11-12T17:00:00Z")));
    assert_eq!(facts.last_scheduled_collection, Some(at("2025-11-09T02:00:07Z")));
    assert_eq!(facts.last_collection_slot, Some(slot));
}
