//! Recording attempts, and marking batches by them.

use std::time::Duration;

use chrono::{SubsecRound as _, TimeDelta};
use domain::delivery::ErrorClass;
use futures::future::join_all;
use store::{Attempt, BatchState, Call, Failure};
use uuid::Uuid;

use crate::samples::{another, at, collected, failure, migrated, success};

#[tokio::test]
async fn a_failed_attempt_is_counted_and_named_on_its_batch() {
    let (_database, store) = migrated().await;
    let id = collected(&store, "2025-11-09T02:00:00Z").await;
    store.record_attempt(&failure(Call::Metrics, Some(id), "2025-11-09T03:00:00Z")).await.unwrap();
    let batch = store.find_batch(id).await.unwrap().unwrap().summary;
    assert_eq!((batch.upload_attempts, batch.state()), (1, BatchState::Pending));
    assert_eq!(batch.last_upload_error.as_deref(), Some("vendor: the vendor answered 503"));
}

#[tokio::test]
async fn an_accepted_attempt_marks_its_batch_at_the_time_of_the_reply() {
    let (_database, store) = migrated().await;
    let id = collected(&store, "2025-11-09T02:00:00Z").await;
    store.record_attempt(&failure(Call::Metrics, Some(id), "2025-11-09T03:00:00Z")).await.unwrap();
    store.record_attempt(&success(Call::Metrics, Some(id), "2025-11-09T03:00:30Z")).await.unwrap();
    let batch = store.find_batch(id).await.unwrap().unwrap().summary;
    assert_eq!(batch.uploaded_at, Some(at("2025-11-09T03:00:30.25Z")));
    assert_eq!((batch.upload_attempts, batch.last_upload_error), (2, None));
    assert_eq!(store.pending_batches(None, 9).await.unwrap(), []);
}

#[tokio::test]
async fn a_delivered_batch_keeps_its_time_and_shows_no_error_whatever_follows() {
    let (_database, store) = migrated().await;
    let id = collected(&store, "2025-11-09T02:00:00Z").await;
    for attempt in [
        success(Call::Metrics, Some(id), "2025-11-09T03:00:00Z"),
        success(Call::Metrics, Some(id), "2025-11-10T03:00:00Z"),
        failure(Call::Metrics, Some(id), "2025-11-11T03:00:00Z"),
    ] {
        store.record_attempt(&attempt).await.unwrap();
    }
    let batch = store.find_batch(id).await.unwrap().unwrap().summary;
    assert_eq!(batch.uploaded_at, Some(at("2025-11-09T03:00:00.25Z")));
    assert_eq!((batch.upload_attempts, batch.last_upload_error), (1, None), "sending it again counts for nothing");
}

#[tokio::test]
async fn a_batch_set_aside_that_is_delivered_by_hand_is_delivered() {
    let (_database, store) = migrated().await;
    let id = collected(&store, "2025-11-09T02:00:00Z").await;
    store.set_aside(id, at("2025-11-09T04:00:00Z")).await.unwrap();
    store.record_attempt(&success(Call::Metrics, Some(id), "2025-11-10T03:00:00Z")).await.unwrap();
    assert_eq!(store.find_batch(id).await.unwrap().unwrap().summary.state(), BatchState::Delivered);
    assert_eq!(store.facts(at("2025-11-30T00:00:00Z")).await.unwrap().set_aside, 0);
}

#[tokio::test]
async fn the_same_attempt_is_recorded_once_however_often_it_is_told() {
    let (database, store) = migrated().await;
    let id = collected(&store, "2025-11-09T02:00:00Z").await;
    let attempt = success(Call::Metrics, Some(id), "2025-11-09T03:00:00Z");
    let stores: Vec<_> = (0..6).map(|_| another(&database)).collect();
    for recorded in join_all(stores.iter().map(|store| store.record_attempt(&attempt))).await {
        recorded.unwrap();
    }
    let found = store.find_batch(id).await.unwrap().unwrap();
    assert_eq!((found.summary.upload_attempts, found.attempts), (1, vec![attempt]));
}

#[tokio::test]
async fn a_batch_is_marked_once_when_many_deliver_it_at_once() {
    let (database, store) = migrated().await;
    let id = collected(&store, "2025-11-09T02:00:00Z").await;
    let attempts: Vec<Attempt> =
        (0..6).map(|second| success(Call::Metrics, Some(id), &format!("2025-11-09T03:00:0{second}Z"))).collect();
    let stores: Vec<_> = (0..6).map(|_| another(&database)).collect();
    let tries = stores.iter().zip(&attempts).map(|(store, attempt)| store.record_attempt(attempt));
    for recorded in join_all(tries).await {
        recorded.unwrap();
    }
    let found = store.find_batch(id).await.unwrap().unwrap();
    assert_eq!((found.summary.upload_attempts, found.attempts.len()), (1, 6));
    let uploaded_at = found.summary.uploaded_at.unwrap();
    assert!(attempts.iter().any(|attempt| attempt.started_at + TimeDelta::milliseconds(250) == uploaded_at));
    store.record_attempt(&success(Call::Metrics, Some(id), "2025-11-10T03:00:00Z")).await.unwrap();
    assert_eq!(store.find_batch(id).await.unwrap().unwrap().summary.uploaded_at, Some(uploaded_at));
}

#[tokio::test]
async fn an_attempt_comes_back_as_it_was_recorded() {
    let (_database, store) = migrated().await;
    let id = collected(&store, "2025-11-09T02:00:00Z").await;
    let mut recorded = Vec::new();
    for (minute, class) in ErrorClass::ALL.into_iter().enumerate() {
        recorded.push(Attempt {
            http_status: (minute % 2 == 0).then_some(429),
            body_sha256: (minute % 2 == 1).then(|| "0123456789abcdef".repeat(4)),
            vendor_clock_offset: (minute % 4 == 0).then_some(TimeDelta::milliseconds(-1234)),
            failure: Some(Failure {
                class,
                message: "refused".to_owned(),
                retry_after: (minute % 3 == 0).then_some(Duration::from_mins(2)),
            }),
            ..success(Call::Metrics, Some(id), &format!("2025-11-09T03:{minute:02}:00Z"))
        });
    }
    for (minute, call) in [Call::Customer, Call::Instance, Call::CheckIn].into_iter().enumerate() {
        recorded.push(success(call, None, &format!("2025-11-09T04:{minute:02}:00Z")));
    }
    for attempt in &recorded {
        store.record_attempt(attempt).await.unwrap();
    }
    assert_eq!(store.find_batch(id).await.unwrap().unwrap().attempts, recorded[..10], "oldest first");
    recorded.reverse();
    assert_eq!(store.recent_attempts(None, 99).await.unwrap(), recorded, "newest first");
    assert_eq!(store.recent_attempts(None, 2).await.unwrap(), recorded[..2]);
    assert_eq!(
        store.vendor_clock_offset().await.unwrap(),
        Some(TimeDelta::milliseconds(-1234)),
        "the last that was told"
    );
    let check_ins = recorded.iter().filter(|attempt| attempt.call == Call::CheckIn).cloned().collect::<Vec<_>>();
    assert_eq!(store.recent_attempts(Some(Call::CheckIn), 99).await.unwrap(), check_ins);
}

#[tokio::test]
async fn a_long_message_with_control_characters_is_kept_as_one_short_line() {
    let (_database, store) = migrated().await;
    let id = collected(&store, "2025-11-09T02:00:00Z").await;
    let mut attempt = failure(Call::Metrics, Some(id), "2025-11-09T03:00:00Z");
    attempt.failure.as_mut().unwrap().message = format!("<html>\0\r\n{}", "x".repeat(100_000));
    store.record_attempt(&attempt).await.unwrap();
    let found = store.find_batch(id).await.unwrap().unwrap();
    for text in [found.summary.last_upload_error.unwrap(), found.attempts[0].failure.clone().unwrap().message] {
        assert!(text.contains("<html>   xxx") && text.chars().count() == 1001 && text.ends_with('…'), "{text}");
    }
}

#[tokio::test]
async fn an_attempt_on_a_batch_that_is_not_there_is_refused_as_a_whole() {
    let (_database, store) = migrated().await;
    let attempt = success(Call::Metrics, Some(Uuid::new_v4()), "2025-11-09T03:00:00Z");
    store.record_attempt(&attempt).await.unwrap_err();
    assert_eq!(store.recent_attempts(None, 9).await.unwrap(), []);
}

#[tokio::test]
async fn attempts_are_removed_after_their_retention_and_batches_keep_their_counts() {
    let (_database, store) = migrated().await;
    let id = collected(&store, "2024-01-07T02:00:00Z").await;
    let retention = TimeDelta::days(400);
    let expires = store.database_now().await.unwrap() - retention;
    let began = |at| Attempt { started_at: at, ..success(Call::Metrics, Some(id), "2024-10-05T03:00:00Z") };
    let kept = began((expires + TimeDelta::hours(1)).trunc_subsecs(6));
    store.record_attempt(&began(expires - TimeDelta::seconds(1))).await.unwrap();
    store.record_attempt(&kept).await.unwrap();
    assert_eq!(store.prune_attempts(retention).await.unwrap(), 1);
    assert_eq!(store.recent_attempts(None, 9).await.unwrap(), [kept]);
    let batch = store.find_batch(id).await.unwrap().unwrap();
    assert_eq!(batch.summary.upload_attempts, 1, "the second one sent again what was delivered, which does not count");
}
