//! Why a metric is missing, in words for administrators.

use std::collections::BTreeMap;

use domain::collector::MissingMetrics;

use crate::schema::{Column, Schema};

/// On generation settings, of what came with generation orgs.
const ONLY_SINCE_2026: &str = "OHE records this only since its 2026 releases.";
const NOT_RECORDED: &str = "This release of OHE does not record this.";
const NO_TABLES: &str = "None of OHE's tables that this needs are in this database.";
/// The one reason that an operator of the service can mend.
pub const NOT_READABLE: &str = "The service may not read this; run grants.sql again.";
const NOT_GIVEN: &str = "The collector did not give this.";

/// Why one metric is missing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reason {
    pub(crate) words: String,
    /// What is absent or may not be read.
    pub(crate) columns: Vec<String>,
}

impl Reason {
    /// In a collector's own words.
    pub(crate) fn of(words: impl Into<String>) -> Self {
        Self { words: words.into(), columns: Vec::new() }
    }

    /// OHE's database is of a generation that does not know the metric.
    pub(crate) fn of_generation() -> Self {
        Self::of(ONLY_SINCE_2026)
    }

    /// Nothing is known to be missing, and yet the metric was not given.
    pub(crate) fn unknown() -> Self {
        Self::of(NOT_GIVEN)
    }

    /// Why `needs` cannot be read; `None` if they can. Rights come first, as they can be mended.
    pub(crate) fn of_columns(needs: &[Column], schema: &Schema) -> Option<Self> {
        let missing: Vec<_> = needs.iter().copied().filter(|column| !schema.has(*column)).collect();
        let (there, absent): (Vec<_>, Vec<_>) = missing.into_iter().partition(|column| schema.exists(*column));
        let (words, columns) = match (there.is_empty(), absent.is_empty()) {
            (true, true) => return None,
            (false, _) => (NOT_READABLE, there),
            (true, false) if schema.knows_no_table() => (NO_TABLES, absent),
            (true, false) => (NOT_RECORDED, absent),
        };
        Some(Self { words: words.to_owned(), columns: names(&columns, schema) })
    }
}

/// The columns by name, and a table that is absent as a whole once.
fn names(columns: &[Column], schema: &Schema) -> Vec<String> {
    let culprit = |column: &Column| {
        let table = Column::any_of(column.table);
        if schema.exists(table) { *column } else { table }
    };
    let mut names: Vec<_> = columns.iter().map(|column| culprit(column).to_string()).collect();
    names.sort();
    names.dedup();
    names
}

/// Missing metrics by their reason.
pub(crate) fn by_reason(reasons: BTreeMap<&'static str, Reason>) -> Vec<MissingMetrics> {
    let mut by_words = BTreeMap::<String, MissingMetrics>::new();
    for (key, reason) in reasons {
        let missing = by_words.entry(reason.words.clone()).or_insert_with(|| MissingMetrics {
            reason: reason.words,
            keys: Vec::new(),
            columns: Vec::new(),
        });
        missing.keys.push(key.to_owned());
        missing.columns.extend(reason.columns);
    }
    let tidy = |mut missing: MissingMetrics| {
        missing.columns.sort();
        missing.columns.dedup();
        missing
    };
    by_words.into_values().map(tidy).collect()
}

#[cfg(test)]
mod tests {
    use domain::ohe::Generation;

    use super::*;

    #[test]
    fn a_right_that_is_missing_is_told_before_what_is_absent() {
        let schema = Schema::of_tests(
            Generation::Orgs,
            &[("repos", ""), ("repos", "id")],
            &[("api_keys", ""), ("api_keys", "name"), ("repos", "is_public")],
        );
        let reason = |needs: &[Column]| Reason::of_columns(needs, &schema);
        let column = Column::new;
        assert_eq!(reason(&[column("repos", "id")]), None);
        for (needs, words, columns) in [
            (vec![column("repos", "stars")], NOT_RECORDED, vec!["repos.stars"]),
            (vec![column("slack_teams", "id"), column("slack_teams", "name")], NOT_RECORDED, vec!["slack_teams"]),
            (vec![column("repos", "stars"), column("repos", "is_public")], NOT_READABLE, vec!["repos.is_public"]),
            (vec![column("api_keys", "name")], NOT_READABLE, vec!["api_keys.name"]),
            (vec![Column::any_of("api_keys")], NOT_READABLE, vec!["api_keys"]),
        ] {
            let found = reason(&needs).unwrap();
            assert_eq!((found.words.as_str(), found.columns), (words, columns.into_iter().map(String::from).collect()));
        }
    }

    #[test]
    fn where_there_is_no_table_at_all_the_database_is_named_as_the_cause() {
        let schema = Schema::of_tests(Generation::Settings, &[], &[]);
        let reason = Reason::of_columns(&[Column::new("repos", "id")], &schema).unwrap();
        assert_eq!(reason.words, NO_TABLES);
    }

    #[test]
    fn metrics_of_one_reason_are_told_together() {
        let reason = |words: &str, column: &str| Reason { words: words.into(), columns: vec![column.into()] };
        let missing = by_reason(BTreeMap::from([
            ("a", reason("One.", "x.a")),
            ("b", reason("Two.", "y.b")),
            ("c", reason("One.", "x.a")),
        ]));
        let told: Vec<_> = missing.iter().map(|m| (m.reason.as_str(), m.keys.join(","), m.columns.join(","))).collect();
        assert_eq!(told, [("One.", "a,c".into(), "x.a".into()), ("Two.", "b".into(), "y.b".to_owned())]);
    }
}
