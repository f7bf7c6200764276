//! What OHE's database is like: its generation, its revision, and which of its tables and columns may be read. Probed once
//! per collection, and by each look-up of an administrator, before anything is read.

mod catalog;
pub(crate) mod relation;
mod relations;

use domain::ohe::Generation;
use sqlx::PgConnection;

pub use catalog::Column;
pub(crate) use catalog::{Catalog, distinct};

/// The columns that tell the generations apart. Both exist, readable or not, on generation orgs.
const ORGS: [Column; 2] = [Column::new("user", "current_org_id"), Column::new("conversation_metadata_saas", "user_id")];

/// The revision of OHE's tables. Shown to administrators and never relied on: numbers were reused, and one is no integer.
pub(crate) const REVISION: Column = Column::new("alembic_version", "version_num");

/// What one database of OHE is like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    generation: Generation,
    revision: Option<String>,
    catalog: Catalog,
}

impl Schema {
    /// Looks at the tables of `columns`, and at those that tell the generation.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub(crate) async fn probe(connection: &mut PgConnection, columns: &[Column]) -> Result<Self, sqlx::Error> {
        let all: Vec<_> = columns.iter().chain(&ORGS).chain([&REVISION]).copied().collect();
        let catalog = Catalog::read(connection, &all).await?;
        let is_orgs = ORGS.into_iter().all(|column| catalog.exists(column));
        let generation = if is_orgs { Generation::Orgs } else { Generation::Settings };
        let revision = if catalog.has(REVISION) {
            sqlx::query_scalar("SELECT max(version_num) FROM alembic_version").fetch_one(connection).await?
        } else {
            None
        };
        Ok(Self { generation, revision, catalog })
    }

    /// Whether one of the tables of `columns` was rewritten since the transaction's snapshot was taken, as by a migration of OHE
    /// that changes a column's type: to that snapshot the table is empty, without an error.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub(crate) async fn was_rewritten(connection: &mut PgConnection, columns: &[Column]) -> Result<bool, sqlx::Error> {
        let tables: Vec<_> = columns.iter().map(|column| column.table).collect();
        // The first is read in the snapshot, and the second as it is now.
        sqlx::query_scalar(
            "SELECT coalesce(bool_or(relfilenode <> pg_relation_filenode(oid)), false) FROM pg_catalog.pg_class
             WHERE relkind = 'r' AND oid IN (SELECT to_regclass(quote_ident(name)) FROM unnest($1::text[]) AS wanted (name))",
        )
        .bind(&tables)
        .fetch_one(connection)
        .await
    }

    /// The generation.
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// The revision of OHE's tables as a text; `None` if it does not exist or may not be read.
    pub fn revision(&self) -> Option<&str> {
        self.revision.as_deref()
    }

    /// Whether a column, or a table, is there and may be read.
    pub(crate) fn has(&self, column: Column) -> bool {
        self.catalog.has(column)
    }

    /// Whether a column, or a table, is there, readable or not.
    pub(crate) fn exists(&self, column: Column) -> bool {
        self.catalog.exists(column)
    }

    /// Whether not one of OHE's tables is there.
    pub(crate) fn knows_no_table(&self) -> bool {
        self.catalog.is_empty()
    }

    /// What a test has in mind: pairs of a table and a column, or an empty name for the table as a whole.
    #[cfg(test)]
    pub(crate) fn of_tests(generation: Generation, readable: &[(&str, &str)], forbidden: &[(&str, &str)]) -> Self {
        Self { generation, revision: None, catalog: Catalog::of_tests(readable, forbidden) }
    }
}
