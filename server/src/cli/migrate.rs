//! `ohe-telemetry migrate`.

use serde_json::json;

use super::{prepared_install, print};

/// Makes our tables, or brings them up to date. Every other command does so too; this one does nothing else.
pub(super) async fn run() -> anyhow::Result<()> {
    prepared_install().await?;
    print(&json!({"status": "completed"}))
}
