//! Measures put together into one SQL statement.
//!
//! Each pass over a source takes all the measures of it, whichever collectors they belong to, and is one branch of a
//! `UNION ALL`. The server spreads the branches over its parallel workers, so that the passes run side by side on one
//! connection and in one snapshot.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDateTime;
use domain::metric::{MetricDeclaration, MetricType, MetricValue, ValueError};
use sqlx::{AssertSqlSafe, PgConnection};

use crate::{
    measure::{Fold, Formula, Shape, Source},
    schema::{Schema, relation},
    template::render,
};

/// What each formula came to, as text; none for null.
pub(crate) type Values = BTreeMap<Formula, Option<String>>;

/// A statement that evaluates formulas, and another for those that are looked up in an index.
#[derive(Debug)]
pub(crate) struct Statement<'a> {
    passes: Vec<Pass>,
    lookups: Vec<Pass>,
    schema: &'a Schema,
}

/// One pass over the rows of a source.
#[derive(Debug)]
struct Pass {
    source: Source,
    /// What the rows are grouped by; `None` if all formulas are aggregates over all rows.
    key: Option<&'static str>,
    formulas: Vec<Formula>,
}

impl<'a> Statement<'a> {
    /// A statement for `formulas`, with as few passes over the rows as they need, in the database of `schema`.
    pub(crate) fn new(formulas: impl IntoIterator<Item = Formula>, schema: &'a Schema) -> Self {
        let formulas: BTreeSet<_> = formulas.into_iter().collect();
        let (lookups, others): (Vec<_>, Vec<_>) =
            formulas.into_iter().partition(|formula| matches!(formula.shape, Shape::Lookup(_)));
        Self { passes: passes_of(others), lookups: passes_of(lookups), schema }
    }

    /// A statement of `passes`; its parameter is the instant of the collection. A row has the number of a pass, and its
    /// values as text in the order of its formulas.
    fn sql(&self, passes: &[Pass]) -> String {
        let branches: Vec<_> = passes.iter().enumerate().map(|(number, pass)| pass.sql(number, self.schema)).collect();
        branches.join("\nUNION ALL\n")
    }

    /// Evaluates the formulas as of `now` (UTC).
    pub(crate) async fn run(&self, connection: &mut PgConnection, now: NaiveDateTime) -> Result<Values, sqlx::Error> {
        let mut values = Values::new();
        for passes in [&self.lookups, &self.passes] {
            if passes.is_empty() {
                continue;
            }
            // Nothing but SQL that is written in collectors, and quoted names, is in there.
            let query = sqlx::query_as(AssertSqlSafe(self.sql(passes))).bind(now).persistent(false);
            let rows: Vec<(i32, Vec<Option<String>>)> = query.fetch_all(&mut *connection).await?;
            for (number, texts) in rows {
                let pass = usize::try_from(number).ok().and_then(|number| passes.get(number));
                values.extend(pass.into_iter().flat_map(|pass| pass.formulas.iter().copied()).zip(texts));
            }
        }
        Ok(values)
    }
}

fn passes_of(formulas: Vec<Formula>) -> Vec<Pass> {
    let mut by_source = BTreeMap::<Source, Vec<Formula>>::new();
    for formula in formulas {
        by_source.entry(formula.source).or_default().push(formula);
    }
    by_source.into_iter().flat_map(|(source, formulas)| passes(source, &formulas)).collect()
}

/// The passes that the formulas of one source need: one for each grouping, and one for aggregates over all rows.
/// Plain counts need no pass of their own where there is a grouping: the counts of the groups add up.
fn passes(source: Source, formulas: &[Formula]) -> Vec<Pass> {
    let mut keys: Vec<_> = formulas.iter().filter_map(Formula::key).collect();
    keys.sort_unstable();
    keys.dedup();
    let home = |formula: &Formula| match formula.shape {
        Shape::Count(_) => keys.first().copied(),
        Shape::Aggregate(_) | Shape::Lookup(_) => None,
        Shape::Groups { key, .. } => Some(key),
    };
    let of = |key| formulas.iter().copied().filter(|formula| home(formula) == key).collect::<Vec<_>>();
    let all = std::iter::once(None).chain(keys.iter().copied().map(Some));
    all.map(|key| Pass { source, key, formulas: of(key) }).filter(|pass| !pass.formulas.is_empty()).collect()
}

impl Formula {
    fn key(&self) -> Option<&'static str> {
        match self.shape {
            Shape::Groups { key, .. } => Some(key),
            Shape::Count(_) | Shape::Aggregate(_) | Shape::Lookup(_) => None,
        }
    }

    /// The aggregate over rows that is this formula, or that of one group.
    fn aggregate(&self) -> String {
        match self.shape {
            Shape::Count(None) => "count(*)".to_owned(),
            Shape::Count(Some(condition)) => format!("count(*) FILTER (WHERE {})", render(condition, None)),
            Shape::Aggregate(sql) | Shape::Lookup(sql) | Shape::Groups { each: sql, .. } => render(sql, None),
        }
    }

    /// What makes one value of those of all groups, which are in `column`. Rows without a key count as rows, not as a
    /// group.
    fn over_groups(&self, column: &str) -> String {
        let of_groups = |aggregate: String| format!("{aggregate} FILTER (WHERE key IS NOT NULL)");
        match self.shape {
            Shape::Count(_) | Shape::Aggregate(_) | Shape::Lookup(_) => format!("sum({column})"),
            Shape::Groups { fold, .. } => match fold {
                Fold::CountTrue => format!("count(*) FILTER (WHERE {column} AND key IS NOT NULL)"),
                Fold::Max => of_groups(format!("max({column})")),
                // PostgreSQL rounds ties of numeric away from zero; a float would have lost some of them by then.
                Fold::Mean => format!("round(({})::numeric, 4)", of_groups(format!("avg({column})"))),
                Fold::LargestShare => {
                    format!(
                        "{} / nullif({}, 0)",
                        of_groups(format!("max({column})")),
                        of_groups(format!("sum({column})"))
                    )
                }
            },
        }
    }
}

impl Pass {
    fn sql(&self, number: usize, schema: &Schema) -> String {
        let rows = self.rows(schema);
        let Some(key) = self.key else {
            let values = list(&self.formulas, |_, formula| format!("({})::text", formula.aggregate()));
            return format!("SELECT {number}, ARRAY[{values}] FROM {rows}");
        };
        let values = list(&self.formulas, |i, formula| format!("({})::text", formula.over_groups(&format!("v{i}"))));
        let each = list(&self.formulas, |i, formula| format!("{} AS v{i}", formula.aggregate()));
        let key = render(key, None);
        format!("SELECT {number}, ARRAY[{values}] FROM (SELECT {key} AS key, {each} FROM {rows} GROUP BY 1) AS groups")
    }

    /// The tables, and what narrows their rows.
    fn rows(&self, schema: &Schema) -> String {
        let relations = self.source.relations.iter();
        let relations: Vec<_> = relations.map(|name| relation::sql(name, &self.columns_of(name), schema)).collect();
        let present = self.source.condition_column().filter(|column| schema.exists(*column));
        let optional = present.and(self.source.condition_with).map(|(_, condition)| condition);
        let conditions: Vec<_> =
            self.source.condition.into_iter().chain(optional).map(|condition| render(condition, None)).collect();
        let rows = relations.join(", ");
        if conditions.is_empty() { rows } else { format!("{rows} WHERE {}", conditions.join(" AND ")) }
    }

    /// The columns of one of the source's relations that this pass names.
    fn columns_of(&self, relation: &'static str) -> BTreeSet<&'static str> {
        self.formulas.iter().flat_map(|formula| formula.columns_of(relation)).collect()
    }
}

fn list(formulas: &[Formula], item: impl Fn(usize, &Formula) -> String) -> String {
    formulas.iter().enumerate().map(|(i, formula)| item(i, formula)).collect::<Vec<_>>().join(", ")
}

/// Reads a value as its declaration has it. Null, an aggregate over no rows, is the empty value of its type.
pub(crate) fn parse(declaration: &MetricDeclaration, text: Option<&str>) -> Result<MetricValue, ValueError> {
    let text = text.unwrap_or_else(|| empty(declaration.metric_type));
    let value = match declaration.metric_type {
        MetricType::Int => text.parse().ok().map(MetricValue::Int),
        MetricType::Float => text.parse().ok().map(MetricValue::Float),
        MetricType::Bool => text.parse().ok().map(MetricValue::Bool),
        MetricType::Text => Some(MetricValue::Text(text.to_owned())),
    };
    let wrong_type =
        || ValueError::WrongType { key: declaration.key, declared: declaration.metric_type, found: type_of(text) };
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
    use domain::ohe::Generation;

    use super::*;
    use crate::measure::Measure;

    const ROWS: Source = Source::of(&["cm"]).filter("{created_at} <= {now}");

    const fn int(key: &'static str) -> MetricDeclaration {
        MetricDeclaration::int(key, "rows", "Rows.")
    }

    fn sql(generation: Generation, measures: &[Measure], readable: &[(&str, &str)]) -> String {
        let schema = Schema::of_tests(generation, readable, &[]);
        let statement = Statement::new(measures.iter().flat_map(|measure| measure.formulas(generation)), &schema);
        statement.sql(&statement.passes)
    }

    #[test]
    fn formulas_of_one_source_share_one_pass_and_equal_ones_are_asked_once() {
        let measures = [
            ROWS.count(int("all")),
            ROWS.count_where("{kind} = 'x'", int("x")),
            ROWS.aggregate("sum({tokens})", int("tokens")),
            ROWS.aggregate("sum({tokens})", int("again")),
        ];
        assert_eq!(
            sql(Generation::Settings, &measures, &[]),
            "SELECT 0, ARRAY[(count(*))::text, (count(*) FILTER (WHERE \"kind\" = 'x'))::text, (sum(\"tokens\"))::text] \
             FROM \"cm\" WHERE \"created_at\" <= $1::timestamp"
        );
    }

    #[test]
    fn what_an_index_answers_is_asked_by_itself() {
        let schema = Schema::of_tests(Generation::Orgs, &[], &[]);
        let table = Source::of(&["tasks"]);
        let statement = Statement::new([table.lookup("min({at})"), table.formula("max({at})")], &schema);
        let asked = |passes| statement.sql(passes);
        assert_eq!(asked(&statement.lookups), "SELECT 0, ARRAY[(min(\"at\"))::text] FROM \"tasks\"");
        assert_eq!(asked(&statement.passes), "SELECT 0, ARRAY[(max(\"at\"))::text] FROM \"tasks\"");
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
            users.largest_share_of("sum({cost})", int("share")),
        ];
        assert_eq!(
            sql(Generation::Settings, &measures, &[]),
            "SELECT 0, ARRAY[(sum(v0))::text, (count(*) FILTER (WHERE v1 AND key IS NOT NULL))::text, \
             (max(v2) FILTER (WHERE key IS NOT NULL))::text, (round((avg(v3) FILTER (WHERE key IS NOT NULL))::numeric, 4))::text, \
             (max(v4) FILTER (WHERE key IS NOT NULL) / nullif(sum(v4) FILTER (WHERE key IS NOT NULL), 0))::text] \
             FROM (SELECT \"user_id\" AS key, count(*) AS v0, bool_or(\"open\") AS v1, count(*) AS v2, count(*) AS v3, \
             sum(\"cost\") AS v4 FROM \"cm\" GROUP BY 1) AS groups"
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
        let schema = Schema::of_tests(Generation::Settings, &[], &[]);
        let formulas = measures.iter().flat_map(|measure| measure.formulas(Generation::Settings));
        let key = |formula: &Formula| {
            measures.iter().find(|m| m.formulas(Generation::Settings) == [*formula]).unwrap().declaration.key
        };
        let statement = Statement::new(formulas, &schema);
        let mut passes: Vec<Vec<_>> =
            statement.passes.iter().map(|pass| pass.formulas.iter().map(key).collect()).collect();
        passes.sort();
        assert_eq!(passes, [vec!["a"], vec!["b"], vec!["d"], vec!["e", "c"]]);
    }

    #[test]
    fn a_relation_is_made_of_what_the_database_has() {
        let owned = Source::of(&["conversations"]).aggregate("count(DISTINCT {owner})", int("owners"));
        let plain = Source::of(&["conversations"]).count(int("all"));
        for (generation, measure, readable, expected) in [
            (
                Generation::Settings,
                owned,
                vec![("conversation_metadata", "deleted_at")],
                r#"(SELECT nullif("conversation_metadata"."user_id", '') AS "owner" FROM "conversation_metadata") AS "conversations""#,
            ),
            (
                Generation::Orgs,
                owned,
                vec![],
                r#"(SELECT coalesce("conversation_metadata_saas"."user_id"::text, nullif("conversation_metadata"."user_id", '')) AS "owner" FROM "conversation_metadata" LEFT JOIN "conversation_metadata_saas" ON "conversation_metadata_saas"."conversation_id" = "conversation_metadata"."conversation_id") AS "conversations""#,
            ),
            (
                Generation::Orgs,
                plain,
                vec![("conversation_metadata", "deleted_at")],
                r#"(SELECT  FROM "conversation_metadata" WHERE ("conversation_metadata"."deleted_at" IS NULL)) AS "conversations""#,
            ),
        ] {
            let sql = sql(generation, &[measure], &readable);
            assert_eq!(sql.split_once(" FROM ").unwrap().1, expected);
        }
    }

    #[test]
    fn what_an_upgrade_left_behind_is_part_of_the_users_where_there_may_be_any() {
        let users = Source::of(&["users"]).aggregate("count(DISTINCT {id})", int("users"));
        let left_behind = "UNION ALL SELECT \"user_settings\".\"keycloak_user_id\" AS \"id\"";
        let orgs = |readable: &[(&str, &str)]| sql(Generation::Orgs, &[users], readable);
        assert!(!orgs(&[]).contains(left_behind));
        assert!(orgs(&[("user_settings", "keycloak_user_id")]).contains(left_behind));
    }

    #[test]
    fn a_value_is_read_by_its_declared_type() {
        let float = MetricDeclaration::float("f", "s", "F.");
        assert_eq!(parse(&int("i"), Some("9000000000")), Ok(MetricValue::Int(9_000_000_000)));
        assert_eq!(parse(&int("i"), None), Ok(MetricValue::Int(0)));
        assert_eq!(parse(&float, Some("1.23456789")), Ok(MetricValue::Float(1.234_568)));
        assert_eq!(parse(&float, Some("5")), Ok(MetricValue::Float(5.0)));
        assert_eq!(parse(&float, None), Ok(MetricValue::Float(0.0)));
        assert_eq!(parse(&float, Some("NaN")), Err(ValueError::NotFinite { key: "f" }));
        for (value, found) in [("1.5", MetricType::Float), ("true", MetricType::Bool), ("secret", MetricType::Text)] {
            let error = parse(&int("i"), Some(value)).unwrap_err();
            assert_eq!(error, ValueError::WrongType { key: "i", declared: MetricType::Int, found });
            assert!(!error.to_string().contains("secret"));
        }
    }
}
