//! Measures: metrics that are one SQL aggregate over rows of OHE's tables.
//!
//! SQL in a measure names each column in braces, as [`crate::template`] says.

use std::collections::BTreeSet;

use domain::{metric::MetricDeclaration, ohe::Generation};

use crate::{
    schema::{Column, Schema, distinct, relation},
    template::{NOW, placeholders},
};

/// Rows to take measures of. Measures of equal sources are taken in the same pass over the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// Tables, or relations of `schema/relations.rs`.
    pub(crate) relations: &'static [&'static str],
    pub(crate) condition: Option<&'static str>,
    /// A column, and a condition that applies where there is such a column.
    pub(crate) condition_with: Option<(&'static str, &'static str)>,
}

impl Source {
    /// All rows of a table or relation; of several, all their combinations, which [`Source::filter`] is to narrow to a join.
    pub const fn of(relations: &'static [&'static str]) -> Self {
        Self { relations, condition: None, condition_with: None }
    }

    /// Only the rows for which `condition` holds.
    #[must_use]
    pub const fn filter(self, condition: &'static str) -> Self {
        Self { condition: Some(condition), ..self }
    }

    /// Where the first table has the column `column`, only the rows for which `condition` holds; else all.
    #[must_use]
    pub const fn filter_where_there_is(self, column: &'static str, condition: &'static str) -> Self {
        Self { condition_with: Some((column, condition)), ..self }
    }

    /// How many of the rows fulfil `condition`.
    pub const fn count_where(self, condition: &'static str, declaration: MetricDeclaration) -> Measure {
        Measure::new(declaration, Formula { source: self, shape: Shape::Count(Some(condition)) })
    }

    /// How many rows there are.
    pub const fn count(self, declaration: MetricDeclaration) -> Measure {
        Measure::new(declaration, Formula { source: self, shape: Shape::Count(None) })
    }

    /// Any aggregate over the rows, for instance `sum({seconds})`.
    pub const fn aggregate(self, aggregate: &'static str, declaration: MetricDeclaration) -> Measure {
        Measure::new(declaration, self.formula(aggregate))
    }

    /// Any aggregate over the rows, for [`Measure::on`] and [`Silence::when`].
    pub const fn formula(self, aggregate: &'static str) -> Formula {
        Formula { source: self, shape: Shape::Aggregate(aggregate) }
    }

    /// An aggregate that an index answers at once, as `min({created_at})` without anything else. PostgreSQL would spread no
    /// statement over its processes that holds such a one, so it is asked in a statement of its own.
    pub const fn lookup(self, aggregate: &'static str) -> Formula {
        Formula { source: self, shape: Shape::Lookup(aggregate) }
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

    /// What share of the sum of all groups' `aggregate` is the largest one's.
    pub const fn largest_share_of(self, aggregate: &'static str, declaration: MetricDeclaration) -> Measure {
        self.fold(Fold::LargestShare, aggregate, declaration)
    }

    const fn fold(self, fold: Fold, each: &'static str, declaration: MetricDeclaration) -> Measure {
        Measure::new(declaration, Formula { source: self.source, shape: Shape::Groups { key: self.key, each, fold } })
    }
}

/// How the groups' values become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fold {
    CountTrue,
    Max,
    Mean,
    LargestShare,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shape {
    /// Rows, or those that fulfil a condition. A shape of its own as counts of parts add up to the count of the
    /// whole, so that a pass that groups the rows can count them on the side.
    Count(Option<&'static str>),
    Aggregate(&'static str),
    Lookup(&'static str),
    Groups {
        key: &'static str,
        each: &'static str,
        fold: Fold,
    },
}

/// One SQL aggregate over rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Formula {
    pub(crate) source: Source,
    pub(crate) shape: Shape,
}

/// When a table answers with a number that is no measure: nobody writes it any more, or rows are deleted before they are
/// counted. Then the metric is missing. It is judged on generation orgs alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silence {
    /// What administrators are told.
    pub(crate) reason: &'static str,
    pub(crate) condition: SilenceCondition,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SilenceCondition {
    Zero,
    /// Formulas that are true or false.
    All(&'static [Formula]),
}

impl Silence {
    /// The metric is missing, for `reason`, while all `conditions` are true.
    pub const fn when(conditions: &'static [Formula], reason: &'static str) -> Self {
        Self { reason, condition: SilenceCondition::All(conditions) }
    }

    /// The metric is missing, for `reason`, where it would be 0.
    pub const fn when_zero(reason: &'static str) -> Self {
        Self { reason, condition: SilenceCondition::Zero }
    }

    /// What has to be asked to judge it.
    pub(crate) fn formulas(&self) -> &'static [Formula] {
        match self.condition {
            SilenceCondition::Zero => &[],
            SilenceCondition::All(formulas) => formulas,
        }
    }
}

/// A metric that is one SQL aggregate. An aggregate that is null, as over no rows, is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    pub(crate) declaration: MetricDeclaration,
    settings: Option<Formula>,
    orgs: Option<Formula>,
    /// Columns that must be there besides those that the formula reads.
    requires: &'static [Column],
    silence: Option<Silence>,
}

impl Measure {
    /// A metric that the same formula answers in both generations.
    const fn new(declaration: MetricDeclaration, formula: Formula) -> Self {
        Self { declaration, settings: Some(formula), orgs: Some(formula), requires: &[], silence: None }
    }

    /// OHE records this only since generation orgs.
    #[must_use]
    pub const fn only_on_orgs(self) -> Self {
        Self { settings: None, ..self }
    }

    /// In this generation another formula answers it.
    #[must_use]
    pub const fn on(self, generation: Generation, formula: Formula) -> Self {
        match generation {
            Generation::Settings => Self { settings: Some(formula), ..self },
            Generation::Orgs => Self { orgs: Some(formula), ..self },
        }
    }

    /// Missing while one of these columns is.
    #[must_use]
    pub const fn requires(self, columns: &'static [Column]) -> Self {
        Self { requires: columns, ..self }
    }

    /// Missing while `silence` holds, on generation orgs.
    #[must_use]
    pub const fn silent(self, silence: Silence) -> Self {
        Self { silence: Some(silence), ..self }
    }

    /// The metric.
    pub fn declaration(&self) -> MetricDeclaration {
        self.declaration
    }

    /// What answers it in a database of `generation`; `None` if nothing does.
    pub(crate) fn formula(&self, generation: Generation) -> Option<Formula> {
        match generation {
            Generation::Settings => self.settings,
            Generation::Orgs => self.orgs,
        }
    }

    /// When it is missing although its columns are there.
    pub(crate) fn silence(&self, generation: Generation) -> Option<Silence> {
        self.silence.filter(|_| generation == Generation::Orgs)
    }

    /// All that has to be asked in a database of `generation`.
    pub(crate) fn formulas(&self, generation: Generation) -> Vec<Formula> {
        let silence = self.silence(generation).map_or(&[][..], |silence| silence.formulas());
        self.formula(generation).into_iter().chain(silence.iter().copied()).collect()
    }

    /// The tables and columns that this measure reads in a database of `generation`; a table of which no column is named
    /// stands alone.
    pub fn reads(&self, generation: Generation) -> Vec<Column> {
        let formulas = self.formulas(generation).into_iter().flat_map(|formula| formula.reads(generation));
        distinct(formulas.chain(self.required(generation)))
    }

    /// The tables and columns that must be there, and be readable, in the database of `schema`.
    pub(crate) fn needs(&self, schema: &Schema) -> Vec<Column> {
        let formulas = self.formulas(schema.generation()).into_iter().flat_map(|formula| formula.needs(schema));
        distinct(formulas.chain(self.required(schema.generation())))
    }

    fn required(&self, generation: Generation) -> impl Iterator<Item = Column> {
        let applies = self.formula(generation).is_some();
        self.requires.iter().copied().filter(move |_| applies)
    }
}

impl Formula {
    fn reads(self, generation: Generation) -> Vec<Column> {
        let relations = self.source.relations.iter();
        let reads = relations.flat_map(|name| relation::reads(name, &self.columns_of(name), generation));
        reads.chain(self.source.condition_column()).collect()
    }

    fn needs(self, schema: &Schema) -> Vec<Column> {
        let relations = self.source.relations.iter();
        let needs = relations.flat_map(|name| relation::needs(name, &self.columns_of(name), schema));
        needs.chain(self.source.condition_column().filter(|column| schema.exists(*column))).collect()
    }

    /// The columns of one of the source's relations that this formula names.
    pub(crate) fn columns_of(self, relation: &'static str) -> BTreeSet<&'static str> {
        let shape = match self.shape {
            Shape::Count(condition) => [condition, None],
            Shape::Aggregate(aggregate) | Shape::Lookup(aggregate) => [Some(aggregate), None],
            Shape::Groups { key, each, .. } => [Some(key), Some(each)],
        };
        let templates = self.source.condition.into_iter().chain(shape.into_iter().flatten());
        let names = templates.flat_map(placeholders).filter(|name| *name != NOW);
        let first = self.source.relations.first().copied().unwrap_or_default();
        let columns = names.map(|name| name.split_once('.').unwrap_or((first, name)));
        columns.filter(|(of, _)| *of == relation).map(|(_, column)| column).collect()
    }
}

impl Source {
    pub(crate) fn condition_column(self) -> Option<Column> {
        let table = self.relations.first()?;
        self.condition_with.map(|(column, _)| Column::new(table, column))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: MetricDeclaration = MetricDeclaration::int("users", "users", "Users.");
    const MODEL: &[Column] = &[Column::new("cm", "model")];

    fn words(columns: &[Column]) -> Vec<String> {
        columns.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_a_measure_reads_follows_from_its_sql() {
        let rows = Source::of(&["cm"]).filter("{created_at} <= {now}");
        for (measure, expected) in [
            (Source::of(&["teams"]).count(USERS), vec!["teams"]),
            (rows.count(USERS), vec!["cm.created_at"]),
            (rows.count_where("{kind} = 'x' AND {kind} <> {now}::text", USERS), vec!["cm.created_at", "cm.kind"]),
            (rows.per("{user_id}").max_of("sum({cost})", USERS), vec!["cm.cost", "cm.created_at", "cm.user_id"]),
            (
                Source::of(&["work", "cm"]).filter("{work.id} = {cm.id}").aggregate("sum({work.seconds})", USERS),
                vec!["cm.id", "work.id", "work.seconds"],
            ),
            (
                Source::of(&["secrets"]).filter_where_there_is("is_shared", "NOT {is_shared}").count(USERS),
                vec!["secrets.is_shared"],
            ),
            (rows.count(USERS).requires(MODEL), vec!["cm.created_at", "cm.model"]),
        ] {
            assert_eq!(words(&measure.reads(Generation::Settings)), expected);
        }
    }

    #[test]
    fn a_relation_reads_what_it_is_made_of_in_each_generation() {
        let owners = Source::of(&["conversations"]).aggregate("count(DISTINCT {owner})", USERS);
        assert_eq!(words(&owners.reads(Generation::Settings)), ["conversation_metadata.user_id"]);
        assert_eq!(
            words(&owners.reads(Generation::Orgs)),
            [
                "conversation_metadata.conversation_id",
                "conversation_metadata.deleted_at",
                "conversation_metadata.user_id",
                "conversation_metadata_saas.conversation_id",
                "conversation_metadata_saas.user_id"
            ]
        );
        let all = Source::of(&["conversations"]).count(USERS);
        assert_eq!(words(&all.reads(Generation::Settings)), ["conversation_metadata"]);
        assert_eq!(words(&all.reads(Generation::Orgs)), ["conversation_metadata.deleted_at"]);
        let people = Source::of(&["users"]).count(USERS).only_on_orgs();
        assert_eq!(words(&people.reads(Generation::Settings)), [""; 0]);
        assert_eq!(words(&people.reads(Generation::Orgs)), ["user.id", "user_settings.keycloak_user_id"]);
    }

    #[test]
    fn a_generation_may_have_a_formula_of_its_own() {
        let table = Source::of(&["old"]);
        let other = Source::of(&["new"]).formula("sum({n})");
        let measure = table.count(USERS).on(Generation::Orgs, other);
        assert_eq!(measure.formula(Generation::Settings), table.count(USERS).formula(Generation::Settings));
        assert_eq!(measure.formula(Generation::Orgs), Some(other));
        assert_eq!(words(&measure.reads(Generation::Orgs)), ["new.n"]);
    }
}
