//! What must hold of every delivery, whatever it went through.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use replicated::simulator::Endpoint;
use serde_json::Value;
use store::{Attempt, BatchDetail, BatchState};

use crate::world::World;

/// The batches by their number, oldest first.
pub(crate) async fn batches(world: &World) -> BTreeMap<u64, BatchDetail> {
    let mut batches = BTreeMap::new();
    for summary in world.store().list_batches(None, 0, 1000).await.unwrap() {
        let batch = world.store().find_batch(summary.id).await.unwrap().unwrap();
        batches.insert(batch.metrics["total_users"].as_u64().unwrap(), batch);
    }
    batches
}

/// The numbers of the batches that the vendor accepted, in the order in which it did, repetitions included.
pub(crate) fn accepted(world: &World) -> Vec<u64> {
    let accepted = world.requests(Endpoint::Metrics).into_iter().filter(|request| request.status == Some(200));
    let number = |body: Value| body.pointer("/data/total_users").and_then(Value::as_u64).unwrap();
    accepted.map(|request| number(request.body.unwrap())).collect()
}

/// Each of the batches 0 to `batches` reached the vendor at least once, is marked exactly once, none is lost, attempts and
/// errors are true, and the vendor's portal shows the newest.
pub(crate) async fn assert_complete(world: &World, batches: u64) {
    let accepted = accepted(world);
    let stored = self::batches(world).await;
    assert_eq!(stored.keys().copied().collect::<Vec<_>>(), (0..batches).collect::<Vec<_>>(), "none lost, none made up");
    for (number, batch) in &stored {
        assert_eq!(batch.summary.state(), BatchState::Delivered, "{number}");
        let arrived = accepted.iter().filter(|&arrived| arrived == number).count();
        assert!(arrived >= 1, "{number} is marked, and never arrived");
        assert_attempts_are_true(*number, batch);
        // Sent again: once for each older batch that got through after it, and where that failed, once more.
        let overtaken =
            stored.range(..number).filter(|(_, older)| older.summary.uploaded_at >= batch.summary.uploaded_at);
        let sent_again = batch.attempts.iter().filter(|attempt| attempt.failure.is_none()).count() - 1;
        assert!(sent_again <= overtaken.count(), "{number} is not sent again without need: {:?}", batch.attempts);
    }
    assert_eq!(accepted.last(), stored.keys().last(), "what the portal shows");
}

/// The attempts up to the first delivery are counted, and that delivery is what marked the batch.
fn assert_attempts_are_true(number: u64, batch: &BatchDetail) {
    let summary = &batch.summary;
    let marked = summary.uploaded_at.unwrap();
    let counted = batch.attempts.iter().filter(|attempt| ended_at(attempt) <= marked + TimeDelta::milliseconds(1));
    let (delivered, failed): (Vec<_>, Vec<_>) = counted.partition(|attempt| attempt.failure.is_none());
    assert!((marked - ended_at(delivered[0])).abs() <= TimeDelta::milliseconds(1), "{number}: {marked}");
    assert_eq!(summary.last_upload_error, None, "{number}");
    assert!(usize::try_from(summary.upload_attempts).unwrap() <= batch.attempts.len(), "{number}");
    assert!(usize::try_from(summary.upload_attempts).unwrap() > failed.len(), "{number}");
    for attempt in batch.attempts.iter().filter_map(|attempt| attempt.failure.as_ref()) {
        assert!(!attempt.message.is_empty(), "{number}");
    }
}

/// The batches arrived in the order in which they were collected: none was overtaken by a later one.
pub(crate) fn assert_in_order(world: &World) {
    let accepted = accepted(world);
    assert!(accepted.is_sorted(), "{accepted:?}");
}

fn ended_at(attempt: &Attempt) -> DateTime<Utc> {
    attempt.started_at + TimeDelta::from_std(attempt.duration).unwrap()
}
