//! `ohe-telemetry enqueue`.

use clap::{Args, ValueEnum};
use domain::schedule::{Due, Work};
use serde_json::json;

use super::{prepared_install, print};

/// Put what is due into its queue, once per schedule slot.
#[derive(Debug, Args)]
pub(super) struct Enqueue {
    /// Which work.
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// A collection.
    Collect,
    /// A delivery.
    Upload,
}

impl What {
    fn is(self, due: &Due) -> bool {
        match due.work {
            Work::Collect { .. } => self == Self::Collect,
            Work::Upload => self == Self::Upload,
            Work::CheckIn => false,
        }
    }
}

impl Enqueue {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let install = prepared_install().await?;
        let now = install.services.clock.now();
        // No spread: whoever runs this has chosen the moment.
        let due = install.services.scheduling.due(now).await?.into_iter().find(|due| self.what.is(due));
        let Some(due) = due else { return print(&json!({"status": "skipped", "reason": "not_due"})) };
        let enqueued = install.queue.enqueue(&due).await?;
        print(&json!({"status": "enqueued", "key": due.key, "job": enqueued}))
    }
}
