//! `ohe-telemetry config`.

use super::print;
use crate::config::Config;

/// Shows each variable, its value (secrets masked) and where it came from.
pub(super) fn run() -> anyhow::Result<()> {
    print(&Config::from_process()?.settings)
}
