//! OHE's tables, of both generations of its database.

use sqlx::{AssertSqlSafe, PgConnection, PgPool};

/// Which OHE database: its tables, columns and revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tables {
    /// Revision 081 of November 2025: users are rows of `user_settings`, and a conversation names its owner.
    Settings,
    /// Release 1.54.0 of August 2026 (revision 152): users have organizations, a conversation that is deleted leaves its
    /// table, and tokens are counted in 32 bits.
    Orgs154,
    /// The newest that was seen in 2026 (revision 173), with every column that any of its parts knows.
    Orgs,
}

/// Stands at the end of a line of `tables/today` that is younger than release 1.54.0.
const NEW: &str = "-- new";
/// Stands at the end of a line of `tables/today` that OHE's code knows, but whose migration was not seen.
const OPEN: &str = "-- open";
/// Stands at the end of a column of `tables/today` whose type was `int4` until revision 172.
const WIDENED: &str = "-- int4 until 172";

impl Tables {
    /// Whether users have organizations: the generation of 2026, whatever its release.
    pub(crate) fn has_organizations(self) -> bool {
        self != Self::Settings
    }

    /// What `alembic_version` says.
    fn revision(self) -> &'static str {
        match self {
            Self::Settings => "081",
            Self::Orgs154 => "152",
            Self::Orgs => "173",
        }
    }

    /// The statements that create the tables.
    fn scripts(self) -> Vec<String> {
        let settings = [
            include_str!("../tables/settings/users.sql"),
            include_str!("../tables/settings/conversations.sql"),
            include_str!("../tables/settings/integrations.sql"),
            include_str!("../tables/settings/operation.sql"),
        ];
        let today = [
            include_str!("../tables/today/organizations.sql"),
            include_str!("../tables/today/conversations.sql"),
            include_str!("../tables/today/keys.sql"),
            include_str!("../tables/today/integrations.sql"),
            include_str!("../tables/today/operation.sql"),
        ];
        match self {
            Self::Settings => settings.map(str::to_owned).to_vec(),
            Self::Orgs154 => today.map(as_of_release_154).to_vec(),
            Self::Orgs => today.map(str::to_owned).to_vec(),
        }
    }
}

/// A script of `tables/today` without what is younger than release 1.54.0: each line that is marked, up to the end of the
/// statement where the line begins a table.
fn as_of_release_154(script: &str) -> String {
    let mut kept = String::new();
    let mut inside_younger_table = false;
    for line in script.lines() {
        let younger = line.ends_with(NEW) || line.ends_with(OPEN);
        if inside_younger_table {
            inside_younger_table = line != ");";
        } else if younger {
            inside_younger_table = line.starts_with("create table");
        } else if line.ends_with(WIDENED) {
            kept.push_str(&line.replacen("int8", "int4", 1));
            kept.push('\n');
        } else {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// Creates OHE's tables, empty but for what OHE's own migrations put into them (the names of the roles), in the first schema of
/// the search path, and the row that says which revision they are of.
///
/// # Errors
/// When one of them exists, or the role may not create tables.
pub async fn create_tables(pool: &PgPool, tables: Tables) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    for script in tables.scripts() {
        sqlx::raw_sql(AssertSqlSafe(script)).execute(&mut *transaction).await?;
    }
    set_revision(&mut transaction, tables).await?;
    transaction.commit().await
}

async fn set_revision(connection: &mut PgConnection, tables: Tables) -> Result<(), sqlx::Error> {
    sqlx::query("insert into alembic_version values ($1)").bind(tables.revision()).execute(connection).await.map(drop)
}

/// Creates `telemetry_metrics` and `telemetry_replicated_identity`, empty, as OHE's own migrations make them: what our
/// migrations find in a current OHE of either generation.
///
/// # Errors
/// When one of them exists, or the role may not create tables.
pub async fn create_older_telemetry_tables(pool: &PgPool) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(include_str!("../tables/older_telemetry.sql")).execute(pool).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn release_154_lacks_marked_lines_and_whole_tables() {
        let script = "create table a (\n    x int8, -- int4 until 172\n    y json, -- new\n    z text -- dead\n);\n\
                      create table b ( -- new\n    id int4\n);\ncreate index on a (y); -- new\ncreate index on a (z);\n";
        let expected =
            "create table a (\n    x int4, -- int4 until 172\n    z text -- dead\n);\ncreate index on a (z);\n";
        assert_eq!(as_of_release_154(script), expected);
    }

    #[test]
    fn only_lines_that_another_follows_are_marked() {
        for script in Tables::Orgs.scripts() {
            let lines: Vec<_> = script.lines().collect();
            for pair in lines.windows(2).filter(|pair| pair[0].ends_with(NEW) || pair[0].ends_with(OPEN)) {
                assert_ne!(pair[1], ");", "without `{}` the line before it ends in a comma too many", pair[0]);
            }
        }
    }
}
