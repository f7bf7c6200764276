//! What measures are taken of: OHE's tables, and the relations that mean the same in both generations of its database.

use std::{collections::BTreeSet, fmt::Write as _};

use domain::ohe::Generation;

use super::{Column, Schema, relations};
use crate::template::{placeholders, render};

/// Rows with columns of a name that measures can use in both generations, put together from OHE's tables.
#[derive(Debug)]
pub(crate) struct Relation {
    /// What measures call it.
    pub(crate) name: &'static str,
    /// The rows on generation settings.
    pub(crate) settings: &'static [Part],
    /// The rows on generation orgs.
    pub(crate) orgs: &'static [Part],
}

/// Rows of one table. Templates name columns of that table, `{id}`, or of another one, `{org.id}`.
#[derive(Debug)]
pub(crate) struct Part {
    /// The table.
    pub(crate) table: &'static str,
    /// A column of the table. Where it does not exist, this part has no rows, and that is no fault.
    pub(crate) only_with: Option<&'static str>,
    /// A table joined from the left, of at most one row for each row of the table.
    pub(crate) join: Option<Join>,
    /// What the relation's columns are; a column that is not named here is the table's own.
    pub(crate) columns: &'static [(&'static str, &'static str)],
    /// Only the rows for which this holds.
    pub(crate) rows: Option<&'static str>,
    /// A column of the table, and what holds for the rows where there is such a column.
    pub(crate) rows_with: Option<(&'static str, &'static str)>,
}

/// A left join.
#[derive(Debug)]
pub(crate) struct Join {
    pub(crate) table: &'static str,
    pub(crate) on: &'static str,
}

impl Part {
    /// All rows and columns of `table`.
    pub(crate) const fn of(table: &'static str) -> Self {
        Self { table, only_with: None, join: None, columns: &[], rows: None, rows_with: None }
    }

    /// The template of a column, and whether it is an expression.
    fn template(&self, column: &str) -> Option<&'static str> {
        self.columns.iter().find(|(name, _)| *name == column).map(|(_, template)| *template)
    }

    fn expression(&self, column: &str) -> String {
        self.template(column)
            .map_or_else(|| format!("\"{}\".\"{column}\"", self.table), |template| render(template, Some(self.table)))
    }

    /// The join, where one of `columns` needs it.
    fn needed_join(&self, columns: &BTreeSet<&'static str>) -> Option<&Join> {
        let join = self.join.as_ref()?;
        let names_it = |column: &&'static str| {
            let template = self.template(column);
            template.is_some_and(|template| placeholders(template).any(|name| table_of(name) == Some(join.table)))
        };
        columns.iter().any(names_it).then_some(join)
    }

    /// The columns of OHE's that are read for `columns`.
    fn reads(&self, columns: &BTreeSet<&'static str>) -> Vec<Column> {
        let own = |name: &'static str| match name.split_once('.') {
            Some((table, column)) => Column::new(table, column),
            None => Column::new(self.table, name),
        };
        let mut templates: Vec<&'static str> = self.rows.into_iter().collect();
        templates.extend(self.needed_join(columns).map(|join| join.on));
        let mut reads = Vec::new();
        for &column in columns {
            match self.template(column) {
                Some(template) => templates.push(template),
                None => reads.push(Column::new(self.table, column)),
            }
        }
        reads.extend(templates.into_iter().flat_map(placeholders).filter(|name| !is_now(name)).map(own));
        reads.extend(self.only_with.map(|column| Column::new(self.table, column)));
        if !reads.iter().any(|column| column.table == self.table) {
            reads.push(Column::any_of(self.table));
        }
        reads
    }

    fn filter_column(&self) -> Option<Column> {
        self.rows_with.map(|(column, _)| Column::new(self.table, column))
    }

    /// Whether this part has rows in the database of `schema`.
    fn takes_part(&self, schema: &Schema) -> bool {
        self.only_with.is_none_or(|column| schema.exists(Column::new(self.table, column)))
    }

    fn sql(&self, columns: &BTreeSet<&'static str>, schema: &Schema) -> String {
        let list: Vec<_> =
            columns.iter().map(|column| format!("{} AS \"{column}\"", self.expression(column))).collect();
        let mut sql = format!("SELECT {} FROM \"{}\"", list.join(", "), self.table);
        if let Some(join) = self.needed_join(columns) {
            // Writing to a string cannot fail.
            let _ = write!(sql, " LEFT JOIN \"{}\" ON {}", join.table, render(join.on, Some(self.table)));
        }
        let applies = |(column, _): &(&'static str, _)| schema.exists(Column::new(self.table, column));
        let conditions = self.rows.into_iter().chain(self.rows_with.filter(applies).map(|(_, condition)| condition));
        let conditions: Vec<_> =
            conditions.map(|condition| format!("({})", render(condition, Some(self.table)))).collect();
        if !conditions.is_empty() {
            let _ = write!(sql, " WHERE {}", conditions.join(" AND "));
        }
        sql
    }
}

impl Relation {
    fn parts(&self, generation: Generation) -> &'static [Part] {
        match generation {
            Generation::Settings => self.settings,
            Generation::Orgs => self.orgs,
        }
    }
}

/// What `columns` of the relation or table `name` read in a database of `generation`, whatever it lacks.
pub(crate) fn reads(name: &'static str, columns: &BTreeSet<&'static str>, generation: Generation) -> Vec<Column> {
    let Some(relation) = relations::find(name) else { return columns_of(name, columns) };
    let parts = relation.parts(generation).iter();
    parts.flat_map(|part| part.reads(columns).into_iter().chain(part.filter_column())).collect()
}

/// What `columns` of the relation or table `name` need in the database of `schema`: less than they read where a part, or a
/// filter, does not apply to it.
pub(crate) fn needs(name: &'static str, columns: &BTreeSet<&'static str>, schema: &Schema) -> Vec<Column> {
    let Some(relation) = relations::find(name) else { return columns_of(name, columns) };
    let parts = relation.parts(schema.generation()).iter().filter(|part| part.takes_part(schema));
    let filter = |part: &Part| part.filter_column().filter(|column| schema.exists(*column));
    parts.flat_map(|part| part.reads(columns).into_iter().chain(filter(part))).collect()
}

/// What stands behind `FROM` for the relation or table `name`.
pub(crate) fn sql(name: &'static str, columns: &BTreeSet<&'static str>, schema: &Schema) -> String {
    let Some(relation) = relations::find(name) else { return format!("\"{name}\"") };
    let parts = relation.parts(schema.generation()).iter().filter(|part| part.takes_part(schema));
    let parts: Vec<_> = parts.map(|part| part.sql(columns, schema)).collect();
    format!("({}) AS \"{name}\"", parts.join(" UNION ALL "))
}

fn columns_of(table: &'static str, columns: &BTreeSet<&'static str>) -> Vec<Column> {
    if columns.is_empty() {
        return vec![Column::any_of(table)];
    }
    columns.iter().map(|column| Column::new(table, column)).collect()
}

fn table_of(placeholder: &'static str) -> Option<&'static str> {
    placeholder.split_once('.').map(|(table, _)| table)
}

fn is_now(placeholder: &str) -> bool {
    placeholder == crate::template::NOW
}
