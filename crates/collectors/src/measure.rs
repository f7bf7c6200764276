//! Measures: metrics that are one SQL aggregate over rows of OHE's tables.
//!
//! SQL in a measure names each column in braces, `{created_at}`, or `{table.created_at}` where its source has several
//! tables. From the braces follows what a collector reads, and thus which rights it needs and which of its metrics
//! can still be had when a column is missing. `{now}` is the instant of the collection as a `timestamp` in UTC.

use domain::metric::MetricDeclaration;

use crate::schema::Column;

/// The placeholder that is no column.
const NOW: &str = "now";

/// Rows to take measures of. Measures of equal sources are taken in the same pass over the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    pub(crate) tables: &'static [&'static str],
    pub(crate) condition: Option<&'static str>,
}

impl Source {
    /// All rows of a table; of several, all their combinations, which [`Source::filter`] is to narrow to a join.
    pub const fn of(tables: &'static [&'static str]) -> Self {
        Self { tables, condition: None }
    }

    /// Only the rows for which `condition` holds.
    #[must_use]
    pub const fn filter(self, condition: &'static str) -> Self {
        Self { condition: Some(condition), ..self }
    }

    /// How many of the rows fulfil `condition`.
    pub const fn count_where(self, condition: &'static str, declaration: MetricDeclaration) -> Measure {
        Measure { declaration, source: self, shape: Shape::Count(Some(condition)) }
    }

    /// How many rows there are.
    pub const fn count(self, declaration: MetricDeclaration) -> Measure {
        Measure { declaration, source: self, shape: Shape::Count(None) }
    }

    /// Any aggregate over the rows, for instance `sum({seconds})`.
    pub const fn aggregate(self, aggregate: &'static str, declaration: MetricDeclaration) -> Measure {
        Measure { declaration, source: self, shape: Shape::Aggregate(aggregate) }
    }

    /// The rows grouped by `key`; rows without a key belong to no group.
    pub const fn per(self, key: &'static str) -> Groups {
        Groups { source: self, key }
    }
}

/// Groups of rows, for instance the conversations of each user.
#[derive(Debug, Clone, Copy)]
pub struct Groups {
    source: Source,
    key: &'static str,
}

impl Groups {
    /// How many groups fulfil `condition`, which is made of aggregates over the rows of a group.
    pub const fn count_where(self, condition: &'static str, declaration: MetricDeclaration) -> Measure {
        self.fold(Fold::CountTrue, condition, declaration)
    }

    /// The largest `aggregate` of any group.
    pub const fn max_of(self, aggregate: &'static str, declaration: MetricDeclaration) -> Measure {
        self.fold(Fold::Max, aggregate, declaration)
    }

    /// The mean of `aggregate` over the groups where it is not null.
    pub const fn mean_of(self, aggregate: &'static str, declaration: MetricDeclaration) -> Measure {
        self.fold(Fold::Mean, aggregate, declaration)
    }

    const fn fold(self, fold: Fold, each: &'static str, declaration: MetricDeclaration) -> Measure {
        Measure { declaration, source: self.source, shape: Shape::Groups { key: self.key, each, fold } }
    }
}

/// How the groups' values become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fold {
    CountTrue,
    Max,
    Mean,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Rows, or those that fulfil a condition. A shape of its own as counts of parts add up to the count of the
    /// whole, so that a pass that groups the rows can count them on the side.
    Count(Option<&'static str>),
    Aggregate(&'static str),
    Groups {
        key: &'static str,
        each: &'static str,
        fold: Fold,
    },
}

/// A metric that is one SQL aggregate. An aggregate that is null, as over no rows, is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    pub(crate) declaration: MetricDeclaration,
    pub(crate) source: Source,
    pub(crate) shape: Shape,
}

impl Measure {
    /// The metric.
    pub fn declaration(&self) -> MetricDeclaration {
        self.declaration
    }

    /// The tables and columns that this measure reads; a table of which no column is named stands alone.
    pub fn reads(&self) -> Vec<Column> {
        let shape = match self.shape {
            Shape::Count(condition) => [condition, None],
            Shape::Aggregate(aggregate) => [Some(aggregate), None],
            Shape::Groups { key, each, .. } => [Some(key), Some(each)],
        };
        let named = self.source.condition.into_iter().chain(shape.into_iter().flatten()).flat_map(placeholders);
        let mut columns: Vec<_> = named.filter_map(|name| self.source.column(name)).collect();
        for &table in self.source.tables {
            if !columns.iter().any(|column| column.table == table) {
                columns.push(Column::any_of(table));
            }
        }
        columns.sort_unstable();
        columns.dedup();
        columns
    }
}

impl Source {
    /// The column that a placeholder names; none for `{now}`.
    fn column(self, placeholder: &'static str) -> Option<Column> {
        match placeholder.split_once('.') {
            _ if placeholder == NOW => None,
            Some((table, name)) => Some(Column::new(table, name)),
            None => Some(Column::new(self.tables.first().copied().unwrap_or_default(), placeholder)),
        }
    }
}

/// `template` with its placeholders replaced by quoted names and the parameter `$1`.
pub(crate) fn render(template: &str) -> String {
    let mut sql = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some((before, name, after)) = next_placeholder(rest) {
        sql.push_str(before);
        let meaning = match name.split_once('.') {
            _ if name == NOW => "$1::timestamp".to_owned(),
            Some((table, column)) => format!("\"{table}\".\"{column}\""),
            None => format!("\"{name}\""),
        };
        sql.push_str(&meaning);
        rest = after;
    }
    sql + rest
}

fn next_placeholder(template: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = template.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

fn placeholders(template: &'static str) -> impl Iterator<Item = &'static str> {
    let mut rest = template;
    std::iter::from_fn(move || {
        let (_, name, after) = next_placeholder(rest)?;
        rest = after;
        Some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: MetricDeclaration = MetricDeclaration::int("users", "users", "Users.");

    #[test]
    fn placeholders_become_quoted_names_and_the_parameter() {
        for (template, sql) in [
            ("count(*)", "count(*)"),
            ("{seconds} > 0", r#""seconds" > 0"#),
            ("{work.id} = {metadata.id}", r#""work"."id" = "metadata"."id""#),
            ("{t} <= {now} - interval '1 day'", r#""t" <= $1::timestamp - interval '1 day'"#),
            ("unclosed {brace", "unclosed {brace"),
        ] {
            assert_eq!(render(template), sql);
        }
    }

    #[test]
    fn what_a_measure_reads_follows_from_its_sql() {
        let rows = Source::of(&["cm"]).filter("{created_at} <= {now}");
        let columns = |measure: Measure| measure.reads().iter().map(ToString::to_string).collect::<Vec<_>>();
        for (measure, expected) in [
            (Source::of(&["teams"]).count(USERS), vec!["table teams"]),
            (rows.count(USERS), vec!["column cm.created_at"]),
            (
                rows.count_where("{kind} = 'x' AND {kind} <> {now}::text", USERS),
                vec!["column cm.created_at", "column cm.kind"],
            ),
            (
                rows.per("{user_id}").max_of("sum({cost})", USERS),
                vec!["column cm.cost", "column cm.created_at", "column cm.user_id"],
            ),
            (
                Source::of(&["work", "cm"]).filter("{work.id} = {cm.id}").aggregate("sum({work.seconds})", USERS),
                vec!["column cm.id", "column work.id", "column work.seconds"],
            ),
        ] {
            assert_eq!(columns(measure), expected);
        }
    }
}
