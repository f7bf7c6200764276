//! The clock of the jobs: every few seconds, ask what is due and enqueue it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use apalis_cron::{Schedule, Tick};
use tracing::{debug, info, warn};

use super::queue::Enqueued;
use crate::install::Install;

/// The finest a schedule, a retry or a check-in can be timed.
const EVERY: Duration = Duration::from_secs(15);

/// A tick at each whole multiple of [`EVERY`]. What is done at a tick is for `domain::schedule` to say, so this needs no
/// cron expression.
#[derive(Debug, Clone)]
pub(super) struct EveryFewSeconds;

impl<Tz> Schedule<Tz> for EveryFewSeconds {
    #[expect(clippy::disallowed_methods, reason = "apalis-cron compares the tick with the machine's clock itself")]
    fn next_tick(&mut self, _: &Tz) -> Option<Tick<Tz>> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
        Some(Tick::new(now - now % EVERY.as_secs() + EVERY.as_secs()))
    }
}

/// A database that accepts a question and never answers must not stop the ticks.
const LIMIT: Duration = Duration::from_mins(1);

/// Enqueues what is due at this tick. A failure is logged and not returned: the next tick asks again.
pub async fn enqueue_what_is_due(install: &Install) {
    if tokio::time::timeout(LIMIT, ask_and_enqueue(install)).await.is_err() {
        warn!("the database gives no answer; asking again what is due");
    }
}

async fn ask_and_enqueue(install: &Install) {
    let now = install.services.clock.now();
    let due = match install.services.scheduling.due_after_spread(now).await {
        Ok(due) => due,
        Err(error) => return warn!(error = describe(&error), "what is due could not be found out; asking again soon"),
    };
    for work in due {
        match install.queue.enqueue(&work).await {
            Ok(Enqueued::Already) => debug!(key = work.key, "already in its queue"),
            Ok(enqueued) => info!(key = work.key, ?enqueued, "enqueued"),
            Err(error) => warn!(key = work.key, error = describe(&error), "could not be enqueued; trying again soon"),
        }
    }
}

/// An error with its causes, on one line.
pub(super) fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
