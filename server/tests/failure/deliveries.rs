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

/// Each of the batches 0 to `batches` reached the vendor at least once, is marked exactly once, none is lost, and attempts
/// and errors are true.
pub(crate) async fn assert_complete(world: &World, batches: u64) {
    let accepted = accepted(world);
    let stored = self::batches(world).await;
    assert_eq!(stored.keys().copied().collect::<Vec<_>>(), (0..batches).collect::<Vec<_>>(), "none lost, none made up");
    for (number, batch) in &stored {
        assert_eq!(batch.summary.state(), BatchState::Delivered, "{number}");
        let arrived = accepted.iter().filter(|&arrived| arrived == number).count();
        assert!(arrived >= 1, "{number} is marked, and never arrived");
        let (delivered, failed): (Vec<_>, Vec<_>) =
            batch.attempts.iter().partition(|attempt| attempt.failure.is_none());
        assert_eq!(delivered.len(), 1, "{number} is marked exactly once, and not sent again: {:?}", batch.attempts);
        let marked = batch.summary.uploaded_at.unwrap();
        assert!((marked - ended_at(delivered[0])).abs() <= TimeDelta::milliseconds(1), "{number}: {marked}");
        assert_eq!(batch.summary.last_upload_error, None, "{number}");
        assert_eq!(usize::try_from(batch.summary.upload_attempts).unwrap(), batch.attempts.len(), "{number}");
        for attempt in failed {
            assert!(attempt.started_at <= delivered[0].started_at, "{number}: tried after it was delivered");
            assert!(!attempt.failure.as_ref().unwrap().message.is_empty(), "{number}");
        }
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
