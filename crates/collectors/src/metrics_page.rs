//! The page of the documentation that lists every metric, written from the dictionary.

use std::fmt::Write as _;

use domain::{metric::DictionaryEntry, ohe::Generation};

use crate::Registry;

const INTRODUCTION: &str = "\
<!-- Written by `cargo run -p collectors --example documentation`; a test fails when it is stale. -->

# Metrics

Everything that is sent to the vendor, by collector. Keys, types and meanings never change; what must mean something else gets
a new key. A window of days ends at the collection and includes both its ends. Times are UTC. Averages are rounded to 4
decimals, other floats to 6. A metric that could not be had is missing, it is never 0.
";

/// The page, in Markdown.
pub fn render(registry: &Registry) -> String {
    let mut page = INTRODUCTION.to_owned();
    for collector in registry.collectors() {
        let owned = registry.dictionary().iter().filter(|entry| entry.owner == collector.name());
        // Writing to a string cannot fail.
        let _ = write!(page, "\n## {}\n\n", collector.name());
        for (generation, words) in [(Generation::Orgs, "Since 2026"), (Generation::Settings, "Before")] {
            let columns: Vec<_> = collector.reads(generation).iter().map(|column| format!("`{column}`")).collect();
            let columns = if columns.is_empty() { "nothing".to_owned() } else { columns.join(", ") };
            let _ = write!(page, "{words} it reads {columns}.\n\n");
        }
        page.push_str("| key | type | unit | meaning |\n| --- | --- | --- | --- |\n");
        for DictionaryEntry { declaration, .. } in owned {
            let (key, unit, description) = (declaration.key, declaration.unit, declaration.description);
            let _ = writeln!(page, "| `{key}` | {} | {unit} | {description} |", declaration.metric_type);
        }
    }
    page
}
