//! `ohe-telemetry collect`.

use chrono::{DateTime, Utc};
use clap::Args;

use super::{install, prepared_install, print};

/// Collect a batch now, in this process.
#[derive(Debug, Args)]
pub(super) struct Collect {
    /// Store nothing; print every metric.
    #[arg(long)]
    dry_run: bool,
    /// Only this collector. A stored batch always holds all of them, since the vendor replaces the whole set by it.
    #[arg(long, value_name = "NAME", requires = "dry_run")]
    collector: Option<String>,
    /// Collect as if it were this time (RFC 3339), for instance 2025-11-16T02:00:00Z.
    #[arg(long, value_name = "T")]
    now: Option<DateTime<Utc>>,
}

impl Collect {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        if self.dry_run {
            let install = install()?;
            let now = self.now.unwrap_or_else(|| install.services.clock.now());
            return print(&install.services.collection.dry_run(now, self.collector).await?);
        }
        let install = prepared_install().await?;
        let now = self.now.unwrap_or_else(|| install.services.clock.now());
        print(&install.services.collection.run(now).await?)
    }
}
