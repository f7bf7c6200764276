//! `ohe-telemetry config`.

use comfy_table::Cell;
use serde::Serialize;

use super::output::{ForPeople, Output, table};
use crate::config::{Config, Setting, Source};

/// Shows each variable, its value (secrets masked) and where it came from.
pub(super) fn run(output: Output) -> anyhow::Result<()> {
    output.print(&Settings(&Config::from_process()?.settings))
}

#[derive(Debug, Serialize)]
struct Settings<'a>(&'a [Setting]);

impl ForPeople for Settings<'_> {
    fn for_people(&self) -> String {
        let rows = self.0.iter().map(|setting| {
            [setting.name, setting.value.as_deref().unwrap_or_default(), source(setting.source)].map(Cell::new)
        });
        table(["variable", "value", "source"], rows)
    }
}

fn source(source: Source) -> &'static str {
    match source {
        Source::Environment => "environment",
        Source::File => "file",
        Source::Default => "default",
        Source::Unset => "not set",
    }
}
