//! Measures put together into one SQL statement.
//!
//! Each pass over a source takes all the measures of it, whichever collectors they belong to, and is one branch of a
//! `UNION ALL`. The server spreads the branches over its parallel workers, so that the passes run side by side on one
//! connection and in one snapshot.

use std::{collections::BTreeMap, fmt::Write as _};

use chrono::NaiveDateTime;
use domain::metric::{MetricDeclaration, MetricType, MetricValue, ValueError};
use sqlx::{AssertSqlSafe, PgConnection};

use crate::measure::{Fold, Measure, Shape, Source, render};

/// A value for each key that was asked for, or why it is none.
pub(crate) type Values = BTreeMap<&'static str, Result<MetricValue, ValueError>>;

/// A statement that takes measures.
#[derive(Debug)]
pub(crate) struct Statement {
    passes: Vec<Pass>,
}

/// One pass over the rows of a source.
#[derive(Debug)]
struct Pass {
    source: Source,
    /// What the rows are grouped by; none where all measures are aggregates over all rows.
    key: Option<&'static str>,
    measures: Vec<Measure>,
}

impl Statement {
    /// A statement for `measures`, with as few passes over the rows as they need.
    pub(crate) fn new(measures: &[Measure]) -> Self {
        let mut by_source = BTreeMap::<Source, Vec<Measure>>::new();
        for measure in measures {
            by_source.entry(measure.source).or_default().push(*measure);
        }
        Self { passes: by_source.into_iter().flat_map(|(source, measures)| passes(source, &measures)).collect() }
    }

    /// The statement; its parameter is the instant of the collection. A row has the number of a pass, and its values
    /// as text in the order of its measures.
    fn sql(&self) -> String {
        let branches: Vec<_> = self.passes.iter().enumerate().map(|(number, pass)| pass.sql(number)).collect();
        branches.join("\nUNION ALL\n")
    }

    /// Takes the measures as of `now` (UTC).
    pub(crate) async fn run(&self, connection: &mut PgConnection, now: NaiveDateTime) -> Result<Values, sqlx::Error> {
        if self.passes.is_empty() {
            return Ok(Values::new());
        }
        // Nothing but SQL that is written in collectors, and quoted names, is in there.
        let query = sqlx::query_as(AssertSqlSafe(self.sql())).bind(now).persistent(false);
        let rows: Vec<(i32, Vec<Option<String>>)> = query.fetch_all(connection).await?;
        let mut values = Values::new();
        for (number, texts) in rows {
            let pass = usize::try_from(number).ok().and_then(|number| self.passes.get(number));
            for (measure, text) in pass.into_iter().flat_map(|pass| &pass.measures).zip(texts) {
                let declaration = measure.declaration;
                values.insert(declaration.key, parse(&declaration, text));
            }
        }
        Ok(values)
    }
}

/// The passes that the measures of one source need: one for each grouping, and one for aggregates over all rows.
/// Plain counts need no pass of their own where there is a grouping: the counts of the groups add up.
fn passes(source: Source, measures: &[Measure]) -> Vec<Pass> {
    let mut keys: Vec<_> = measures.iter().filter_map(Measure::key).collect();
    keys.sort_unstable();
    keys.dedup();
    let home = |measure: &Measure| match measure.shape {
        Shape::Count(_) => keys.first().copied(),
        Shape::Aggregate(_) => None,
        Shape::Groups { key, .. } => Some(key),
    };
    let of = |key| measures.iter().copied().filter(|measure| home(measure) == key).collect::<Vec<_>>();
    let all = std::iter::once(None).chain(keys.iter().copied().map(Some));
    all.map(|key| Pass { source, key, measures: of(key) }).filter(|pass| !pass.measures.is_empty()).collect()
}

impl Measure {
    fn key(&self) -> Option<&'static str> {
        match self.shape {
            Shape::Groups { key, .. } => Some(key),
            Shape::Count(_) | Shape::Aggregate(_) => None,
        }
    }

    /// The aggregate over rows that is this measure, or that of one group.
    fn aggregate(&self) -> String {
        match self.shape {
            Shape::Count(None) => "count(*)".to_owned(),
            Shape::Count(Some(condition)) => format!("count(*) FILTER (WHERE {})", render(condition)),
            Shape::Aggregate(sql) | Shape::Groups { each: sql, .. } => render(sql),
        }
    }

    /// What makes one value of those of all groups, which are in `column`. Rows without a key count as rows, not as a
    /// group.
    fn over_groups(&self, column: &str) -> String {
        match self.shape {
            Shape::Count(_) | Shape::Aggregate(_) => format!("sum({column})"),
            Shape::Groups { fold: Fold::CountTrue, .. } => {
                format!("count(*) FILTER (WHERE {column} AND key IS NOT NULL)")
            }
            Shape::Groups { fold: Fold::Max, .. } => format!("max({column}) FILTER (WHERE key IS NOT NULL)"),
            Shape::Groups { fold: Fold::Mean, .. } => format!("avg({column}) FILTER (WHERE key IS NOT NULL)"),
        }
    }
}

impl Pass {
    fn sql(&self, number: usize) -> String {
        let rows = self.rows();
        let Some(key) = self.key else {
            let values = list(&self.measures, |_, measure| format!("({})::text", measure.aggregate()));
            return format!("SELECT {number}, ARRAY[{values}] FROM {rows}");
        };
        let values = list(&self.measures, |i, measure| format!("({})::text", measure.over_groups(&format!("v{i}"))));
        let each = list(&self.measures, |i, measure| format!("{} AS v{i}", measure.aggregate()));
        let key = render(key);
        format!("SELECT {number}, ARRAY[{values}] FROM (SELECT {key} AS key, {each} FROM {rows} GROUP BY 1) AS groups")
    }

    /// The tables, and what narrows their rows.
    fn rows(&self) -> String {
        let tables: Vec<_> = self.source.tables.iter().map(|table| format!("\"{table}\"")).collect();
        let mut rows = tables.join(", ");
        if let Some(condition) = self.source.condition {
            // Writing to a string cannot fail.
            let _ = write!(rows, " WHERE {}", render(condition));
        }
        rows
    }
}

fn list(measures: &[Measure], item: impl Fn(usize, &Measure) -> String) -> String {
    measures.iter().enumerate().map(|(i, measure)| item(i, measure)).collect::<Vec<_>>().join(", ")
}

/// Reads a value as its declaration has it. Null, an aggregate over no rows, is the empty value of its type.
fn parse(declaration: &MetricDeclaration, text: Option<String>) -> Result<MetricValue, ValueError> {
    let text = text.unwrap_or_else(|| empty(declaration.metric_type).to_owned());
    let value = match declaration.metric_type {
        MetricType::Int => text.parse().ok().map(MetricValue::Int),
        MetricType::Float => text.parse().ok().map(MetricValue::Float),
        MetricType::Bool => text.parse().ok().map(MetricValue::Bool),
        MetricType::Text => Some(MetricValue::Text(text.clone())),
    };
    let wrong_type =
        || ValueError::WrongType { key: declaration.key, declared: declaration.metric_type, found: type_of(&text) };
    value.ok_or_else(wrong_type).and_then(|value| declaration.accept(value))
}

fn empty(metric_type: MetricType) -> &'static str {
    match metric_type {
        MetricType::Int | MetricType::Float => "0",
        MetricType::Bool => "false",
        MetricType::Text => "",
    }
}

fn type_of(text: &str) -> MetricType {
    match text {
        "true" | "false" => MetricType::Bool,
        text if text.parse::<i64>().is_ok() => MetricType::Int,
        text if text.parse::<f64>().is_ok() => MetricType::Float,
        _ => MetricType::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: Source = Source::of(&["cm"]).filter("{created_at} <= {now}");

    const fn int(key: &'static str) -> MetricDeclaration {
        MetricDeclaration::int(key, "rows", "Rows.")
    }

    #[test]
    fn measures_of_one_source_share_one_pass() {
        let measures = [
            ROWS.count(int("all")),
            ROWS.count_where("{kind} = 'x'", int("x")),
            ROWS.aggregate("sum({tokens})", int("tokens")),
        ];
        assert_eq!(
            Statement::new(&measures).sql(),
            "SELECT 0, ARRAY[(count(*))::text, (count(*) FILTER (WHERE \"kind\" = 'x'))::text, (sum(\"tokens\"))::text] \
             FROM \"cm\" WHERE \"created_at\" <= $1::timestamp"
        );
    }

    #[test]
    fn a_pass_that_groups_counts_rows_on_the_side() {
        let table = Source::of(&["cm"]);
        let users = table.per("{user_id}");
        let measures = [
            table.count(int("all")),
            users.count_where("bool_or({open})", int("users")),
            users.max_of("count(*)", int("most")),
            users.mean_of("count(*)", int("mean")),
        ];
        assert_eq!(
            Statement::new(&measures).sql(),
            "SELECT 0, ARRAY[(sum(v0))::text, (count(*) FILTER (WHERE v1 AND key IS NOT NULL))::text, \
             (max(v2) FILTER (WHERE key IS NOT NULL))::text, (avg(v3) FILTER (WHERE key IS NOT NULL))::text] \
             FROM (SELECT \"user_id\" AS key, count(*) AS v0, bool_or(\"open\") AS v1, count(*) AS v2, count(*) AS v3 \
             FROM \"cm\" GROUP BY 1) AS groups"
        );
    }

    #[test]
    fn passes_are_as_many_as_sources_and_groupings() {
        let table = Source::of(&["cm"]);
        let measures = [
            ROWS.count(int("a")),
            table.per("{user_id}").count_where("true", int("b")),
            table.per("{model}").count_where("true", int("c")),
            table.aggregate("min({t})", int("d")),
            table.count(int("e")),
        ];
        let keys = |statement: &Statement| {
            statement.passes.iter().map(|pass| pass.measures.iter().map(|m| m.declaration.key).collect()).collect()
        };
        let passes: Vec<Vec<_>> = keys(&Statement::new(&measures));
        assert_eq!(passes, [vec!["d"], vec!["c", "e"], vec!["b"], vec!["a"]]);
    }

    #[test]
    fn a_value_is_read_by_its_declared_type() {
        let text = |text: &str| Some(text.to_owned());
        let float = MetricDeclaration::float("f", "s", "F.");
        assert_eq!(parse(&int("i"), text("9000000000")), Ok(MetricValue::Int(9_000_000_000)));
        assert_eq!(parse(&int("i"), None), Ok(MetricValue::Int(0)));
        assert_eq!(parse(&float, text("1.23456789")), Ok(MetricValue::Float(1.234_568)));
        assert_eq!(parse(&float, text("5")), Ok(MetricValue::Float(5.0)));
        assert_eq!(parse(&float, None), Ok(MetricValue::Float(0.0)));
        assert_eq!(parse(&float, text("NaN")), Err(ValueError::NotFinite { key: "f" }));
        for (value, found) in [("1.5", MetricType::Float), ("true", MetricType::Bool), ("secret", MetricType::Text)] {
            let error = parse(&int("i"), text(value)).unwrap_err();
            assert_eq!(error, ValueError::WrongType { key: "i", declared: MetricType::Int, found });
            assert!(!error.to_string().contains("secret"));
        }
    }
}
