//! `ohe-telemetry enqueue`.

use clap::{Args, ValueEnum};
use domain::schedule::{Due, Work};
use serde::Serialize;

use super::output::{ForPeople, Output};
use super::prepared_install;
use crate::jobs::Enqueued;

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

/// What became of the request.
#[derive(Debug, Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
enum Outcome {
    Enqueued { key: String, job: Enqueued },
    Skipped { reason: &'static str },
}

impl Enqueue {
    pub(super) async fn run(self, output: Output) -> anyhow::Result<()> {
        let install = prepared_install().await?;
        let now = install.services.clock.now();
        // No spread: whoever runs this has chosen the moment.
        let due = install.services.scheduling.due(now).await?.into_iter().find(|due| self.what.is(due));
        let outcome = match due {
            None => Outcome::Skipped { reason: "not_due" },
            Some(due) => Outcome::Enqueued { job: install.queue.enqueue(&due).await?, key: due.key },
        };
        output.print(&outcome)
    }
}

impl ForPeople for Outcome {
    fn for_people(&self) -> String {
        match self {
            Self::Enqueued { key, job: Enqueued::New } => format!("A job was put into its queue: {key}."),
            Self::Enqueued { key, job: Enqueued::Again } => format!("The job {key} ended before, and runs again."),
            Self::Enqueued { key, job: Enqueued::Already } => format!("The job {key} is in its queue already."),
            Self::Skipped { .. } => "Nothing is due, so nothing was put into a queue.".to_owned(),
        }
    }
}
