//! The line of batches that are to be sent, and the batch that is sent again.

use futures::future::join_all;
use store::{BatchState, Call, Store, WaitingBatch};
use uuid::Uuid;

use crate::samples::{another, at, batch, collected, failure, migrated, refusal, success};

const NOW: &str = "2025-11-30T00:00:00Z";

/// The batches of four weeks, oldest first.
async fn four_weeks(store: &Store) -> [Uuid; 4] {
    let mut ids = [Uuid::nil(); 4];
    for (id, day) in ids.iter_mut().zip(["02", "09", "16", "23"]) {
        *id = collected(store, &format!("2025-11-{day}T02:00:00Z")).await;
    }
    ids
}

/// What becomes of a batch in an attempt.
#[derive(Debug, Clone, Copy)]
enum Became {
    Accepted,
    Refused,
    Failed,
}
use Became::{Accepted, Failed, Refused};

/// Records attempts, all of them begun at the same time: their order is that of recording.
async fn record(store: &Store, batches: &[Uuid], attempts: &[(usize, Became)]) {
    for &(batch, became) in attempts {
        let attempt = match became {
            Accepted => success,
            Refused => refusal,
            Failed => failure,
        };
        store.record_attempt(&attempt(Call::Metrics, Some(batches[batch]), "2025-11-24T03:00:00Z")).await.unwrap();
    }
}

async fn state(store: &Store, id: Uuid) -> BatchState {
    store.find_batch(id).await.unwrap().unwrap().summary.state()
}

#[tokio::test]
async fn the_line_is_in_the_order_of_collection_and_tells_which_attempt_was_the_last() {
    let (_database, store) = migrated().await;
    let ids = four_weeks(&store).await;
    record(&store, &ids, &[(2, Failed), (0, Failed), (0, Refused), (1, Accepted), (3, Failed)]).await;
    let line = store.line(None).await.unwrap();
    assert_eq!(line.iter().map(|waiting| waiting.id).collect::<Vec<_>>(), [ids[2], ids[3]], "0 was set aside by 1");
    assert!(line[0].last_tried < line[1].last_tried, "{line:?}");
    let untried = collected(&store, "2025-11-30T02:00:00Z").await;
    let expected = WaitingBatch { id: untried, collected_at: at("2025-11-30T02:00:00Z"), last_tried: None };
    assert_eq!(store.line(Some(line[1].cursor())).await.unwrap(), [expected]);
    assert_eq!(store.find_pending_batch(ids[2]).await.unwrap().unwrap().id, ids[2]);
    assert_eq!(store.find_pending_batch(ids[0]).await.unwrap(), None, "set aside");
    assert_eq!(store.find_pending_batch(ids[1]).await.unwrap(), None, "delivered");
}

#[tokio::test]
async fn the_newest_delivered_batch_is_sent_again_exactly_while_the_portal_shows_an_older_one() {
    for (attempts, expected) in [
        (&[][..], None),
        (&[(0, Failed)], None),
        (&[(0, Accepted), (1, Accepted)], None),
        (&[(0, Failed), (1, Accepted)], None),
        (&[(0, Failed), (1, Accepted), (0, Accepted)], Some(1)),
        (&[(2, Accepted), (1, Accepted), (0, Accepted)], Some(2)),
        // It fails, and is to be sent again still; then it gets through.
        (&[(1, Accepted), (0, Accepted), (1, Failed)], Some(1)),
        (&[(1, Accepted), (0, Accepted), (1, Refused)], Some(1)),
        (&[(1, Accepted), (0, Accepted), (1, Failed), (1, Accepted)], None),
        // A newer one gets through meanwhile.
        (&[(1, Accepted), (0, Accepted), (1, Failed), (2, Accepted)], None),
        // One that was not delivered is not shown.
        (&[(1, Accepted), (0, Accepted), (2, Failed)], Some(1)),
    ] {
        let (_database, store) = migrated().await;
        let ids = four_weeks(&store).await;
        record(&store, &ids, attempts).await;
        let again = store.find_batch_to_send_again().await.unwrap().map(|batch| batch.id);
        assert_eq!(again, expected.map(|index: usize| ids[index]), "{attempts:?}");
        assert_eq!(store.facts(at(NOW)).await.unwrap().portal_is_stale, expected.is_some(), "{attempts:?}");
    }
}

#[tokio::test]
async fn a_batch_without_metrics_is_never_sent_again() {
    let (_database, store) = migrated().await;
    let ids = four_weeks(&store).await;
    let empty = store::NewBatch { metrics: std::collections::BTreeMap::new(), ..batch("2025-11-29T02:00:00Z") };
    let empty = store.insert_batch(&empty).await.unwrap().id();
    let all = [ids[0], ids[1], empty];
    record(&store, &all, &[(2, Accepted), (1, Accepted), (0, Accepted)]).await;
    assert_eq!(store.find_batch_to_send_again().await.unwrap().map(|batch| batch.id), Some(ids[1]));
}

#[tokio::test]
async fn sending_a_batch_again_changes_neither_its_row_nor_the_counts() {
    let (_database, store) = migrated().await;
    let ids = four_weeks(&store).await;
    record(&store, &ids, &[(1, Accepted), (0, Accepted)]).await;
    let (before, counts) =
        (store.find_batch(ids[1]).await.unwrap().unwrap().summary, store.count_batches().await.unwrap());
    let facts = store.facts(at(NOW)).await.unwrap();
    for attempt in [failure, refusal, success] {
        store.record_attempt(&attempt(Call::Metrics, Some(ids[1]), "2025-11-25T03:00:00Z")).await.unwrap();
    }
    let after = store.find_batch(ids[1]).await.unwrap().unwrap();
    assert_eq!((after.summary, store.count_batches().await.unwrap()), (before, counts));
    assert_eq!(after.attempts.len(), 4, "an attempt like others");
    let again = store.facts(at(NOW)).await.unwrap();
    assert_eq!((again.last_upload, again.pending), (facts.last_upload, facts.pending));
    assert_eq!(again.last_attempt, Some(at("2025-11-25T03:00:00Z")));
}

#[tokio::test]
async fn failures_of_a_batch_that_is_sent_again_count_for_the_backoff() {
    let (_database, store) = migrated().await;
    let ids = [collected(&store, "2025-11-02T02:00:00Z").await, collected(&store, "2025-11-09T02:00:00Z").await];
    let failures = async || store.facts(at(NOW)).await.unwrap().failures_in_a_row;
    record(&store, &ids, &[(1, Failed), (1, Accepted), (0, Accepted)]).await;
    assert_eq!(failures().await, 0, "due at once");
    for expected in 1..=3 {
        record(&store, &ids, &[(1, Failed)]).await;
        assert_eq!(failures().await, expected);
    }
    record(&store, &ids, &[(1, Accepted)]).await;
    assert_eq!(failures().await, 0);
}

#[tokio::test]
async fn an_outage_in_which_two_batches_are_tried_at_each_retry_counts_retries() {
    let (_database, store) = migrated().await;
    let ids = four_weeks(&store).await;
    for (retry, newest) in (1..).zip([3, 2, 1, 3]) {
        record(&store, &ids, &[(0, Failed), (newest, Failed)]).await;
        assert_eq!(store.facts(at(NOW)).await.unwrap().failures_in_a_row, retry);
    }
}

#[tokio::test]
async fn a_refused_batch_is_set_aside_with_the_acceptance_of_another_one() {
    for (attempts, set_aside) in [
        (&[(0, Refused), (1, Accepted)][..], &[0][..]),
        (&[(0, Refused), (1, Refused), (2, Accepted)], &[0, 1]),
        (&[(3, Refused), (1, Accepted)], &[3]),
        // Of several attempts the latest counts.
        (&[(0, Failed), (0, Refused), (1, Accepted)], &[0]),
        (&[(0, Refused), (0, Failed), (1, Accepted)], &[]),
        // Its own acceptance, or none.
        (&[(0, Refused), (0, Accepted)], &[]),
        (&[(0, Refused), (1, Failed), (2, Refused)], &[]),
        // A vendor that refuses every batch is at fault itself: all of them have their turn again.
        (&[(0, Refused), (1, Refused), (2, Refused), (0, Accepted)], &[]),
        (&[(0, Refused), (1, Refused), (2, Refused), (0, Accepted), (1, Accepted)], &[]),
        // Where one is refused again after that, it is at fault.
        (&[(0, Refused), (1, Refused), (2, Refused), (0, Accepted), (1, Refused), (2, Accepted)], &[1]),
        (&[(0, Refused), (1, Refused), (2, Refused), (0, Refused), (1, Accepted), (2, Accepted)], &[0]),
        // The newest is sent again, and accepted: that is an acceptance, too.
        (&[(2, Accepted), (1, Accepted), (0, Refused), (2, Accepted)], &[0]),
    ] {
        let (_database, store) = migrated().await;
        let ids = four_weeks(&store).await;
        record(&store, &ids, attempts).await;
        for (index, &id) in ids.iter().enumerate() {
            let is_set_aside = state(&store, id).await == BatchState::SetAside;
            assert_eq!(is_set_aside, set_aside.contains(&index), "{index} of {attempts:?}");
        }
    }
}

#[tokio::test]
async fn the_acceptance_tells_what_it_sets_aside_and_when() {
    let (database, store) = migrated().await;
    let ids = four_weeks(&store).await;
    record(&store, &ids, &[(0, Refused)]).await;
    let acceptance = success(Call::Metrics, Some(ids[1]), "2025-11-24T03:00:00Z");
    let stores: Vec<_> = (0..4).map(|_| another(&database)).collect();
    let mut told = Vec::new();
    for recorded in join_all(stores.iter().map(|store| store.record_attempt(&acceptance))).await {
        told.extend(recorded.unwrap());
    }
    assert_eq!(told, [ids[0]], "once, however often the acceptance is recorded");
    let summary = store.find_batch(ids[0]).await.unwrap().unwrap().summary;
    assert_eq!(summary.set_aside_at, Some(at("2025-11-24T03:00:00.25Z")));
}

#[tokio::test]
async fn a_batch_returned_by_hand_is_tried_before_it_is_set_aside_again() {
    let (_database, store) = migrated().await;
    let ids = four_weeks(&store).await;
    record(&store, &ids, &[(0, Refused), (1, Accepted)]).await;
    assert!(store.return_to_pending(ids[0]).await.unwrap());
    record(&store, &ids, &[(2, Accepted)]).await;
    assert_eq!(state(&store, ids[0]).await, BatchState::Pending);
    record(&store, &ids, &[(0, Refused), (3, Accepted)]).await;
    assert_eq!(state(&store, ids[0]).await, BatchState::SetAside);
}
