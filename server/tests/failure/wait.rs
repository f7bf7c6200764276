//! Waiting for what will happen, with a bound that only a fault exceeds.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Longer than anything here takes when it works: a dead worker's job is handed on after 30 s, a retry comes after as much.
pub(crate) const PATIENCE: Duration = Duration::from_secs(150);

/// Waits until `happened`, or fails with `what` was waited for.
pub(crate) async fn until(what: &str, happened: impl AsyncFnMut() -> bool) {
    within(PATIENCE, what, happened).await;
}

/// The same, with a promise about the time.
pub(crate) async fn within(limit: Duration, what: &str, mut happened: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !happened().await {
        assert!(started.elapsed() < limit, "not within {limit:?}: {what}");
        sleep(Duration::from_millis(10)).await;
    }
}
