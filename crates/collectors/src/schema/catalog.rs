//! Which of OHE's tables and columns are there for us, asked of the system catalog before anything is read.

use std::{collections::BTreeSet, fmt};

use sqlx::PgConnection;

/// A column of OHE's database, or a table as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Column {
    /// The table, found by the search path.
    pub table: &'static str,
    /// The column; `None` if the rows alone matter and any column will do.
    pub name: Option<&'static str>,
}

impl Column {
    /// The column `name` of `table`.
    pub const fn new(table: &'static str, name: &'static str) -> Self {
        Self { table, name: Some(name) }
    }

    /// The rows of `table`.
    pub const fn any_of(table: &'static str) -> Self {
        Self { table, name: None }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name {
            Some(name) => write!(f, "{}.{name}", self.table),
            None => f.write_str(self.table),
        }
    }
}

/// The tables and columns that are there and may be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Catalog {
    /// `(table, column)`, and `(table, "")` for each table of which any column may be read.
    readable: BTreeSet<(String, String)>,
    /// What is there, but may not be read; written in the same way.
    forbidden: BTreeSet<(String, String)>,
}

impl Catalog {
    /// Looks up all tables of `columns` in one query.
    pub(crate) async fn read(connection: &mut PgConnection, columns: &[Column]) -> Result<Self, sqlx::Error> {
        let tables: Vec<_> = columns.iter().map(|column| column.table).collect::<BTreeSet<_>>().into_iter().collect();
        // Names resolve as they will in the queries: by the search path, through schemas that may be used.
        let found: Vec<(String, String, bool)> = sqlx::query_as(
            "SELECT wanted.name, coalesce(attribute.attname, '')::text,
                    CASE WHEN attribute.attnum IS NULL THEN has_any_column_privilege(relation.oid, 'SELECT')
                         ELSE has_column_privilege(relation.oid, attribute.attnum, 'SELECT') END
             FROM unnest($1::text[]) AS wanted (name)
             JOIN pg_catalog.pg_class AS relation ON relation.oid = to_regclass(quote_ident(wanted.name))
             CROSS JOIN LATERAL (
                 SELECT attnum, attname FROM pg_catalog.pg_attribute
                 WHERE attrelid = relation.oid AND attnum > 0 AND NOT attisdropped
                 UNION ALL SELECT NULL, NULL
             ) AS attribute",
        )
        .bind(&tables)
        .fetch_all(connection)
        .await?;
        let mut catalog = Self::default();
        for (table, column, readable) in found {
            if readable { &mut catalog.readable } else { &mut catalog.forbidden }.insert((table, column));
        }
        Ok(catalog)
    }

    /// Whether `column` is there, readable or not.
    pub(crate) fn exists(&self, column: Column) -> bool {
        self.has(column) || self.forbidden.contains(&key(column))
    }

    /// Whether `column` is there and may be read.
    pub(crate) fn has(&self, column: Column) -> bool {
        self.readable.contains(&key(column))
    }

    /// Whether not one of the tables that were looked up is there.
    pub(crate) fn is_empty(&self) -> bool {
        self.readable.is_empty() && self.forbidden.is_empty()
    }

    /// What a test has in mind: pairs of a table and a column, or an empty name for the table as a whole.
    #[cfg(test)]
    pub(crate) fn of_tests(readable: &[(&str, &str)], forbidden: &[(&str, &str)]) -> Self {
        let owned = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(table, column)| ((*table).to_owned(), (*column).to_owned())).collect()
        };
        Self { readable: owned(readable), forbidden: owned(forbidden) }
    }
}

fn key(column: Column) -> (String, String) {
    (column.table.to_owned(), column.name.unwrap_or_default().to_owned())
}

/// `columns` in order, each once. A table as a whole is left out if one of its columns is among them.
pub(crate) fn distinct(columns: impl Iterator<Item = Column>) -> Vec<Column> {
    let columns: BTreeSet<_> = columns.collect();
    let names_a_column = |table: &str| columns.iter().any(|column| column.table == table && column.name.is_some());
    columns.iter().copied().filter(|column| column.name.is_some() || !names_a_column(column.table)).collect()
}
