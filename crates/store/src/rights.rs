//! What the service's role needs to use our tables. Whoever runs the migrations owns them, which may be another role: one
//! that may create tables, where the service's own may not.

use sqlx::{AssertSqlSafe, PgConnection};

use crate::{Store, StoreError};

/// Our tables, and what the running service does with each. A migration that makes a table adds a line. Rows of collector
/// runs are deleted with their batch, which the table's owner does.
const RIGHTS: [(&str, &[&str]); 8] = [
    ("telemetry_metrics", &["SELECT", "INSERT", "UPDATE", "DELETE"]),
    ("telemetry_identity", &["SELECT", "INSERT", "UPDATE"]),
    ("telemetry_delivery_attempts", &["SELECT", "INSERT", "DELETE"]),
    ("telemetry_collector_runs", &["SELECT", "INSERT"]),
    ("telemetry_audit_log", &["SELECT", "INSERT", "DELETE"]),
    ("telemetry_administrator_lookup", &["SELECT", "INSERT", "UPDATE"]),
    ("telemetry_empty_collections", &["SELECT", "INSERT", "UPDATE", "DELETE"]),
    ("telemetry_schema_migrations", &["SELECT"]),
];

impl Store {
    /// Gives `role` what the service needs on our tables, and returns the statements that did; an empty list if it has them all. It is
    /// given nothing to create.
    ///
    /// # Errors
    /// [`StoreError::UnknownRole`]; [`StoreError::Forbidden`] where this role may not give the rights; and the usual ones.
    /// Nothing is given then.
    pub async fn grant_to(&self, role: &str) -> Result<Vec<String>, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let is_there: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)")
            .bind(role)
            .fetch_one(&mut *transaction)
            .await?;
        if !is_there {
            return Err(StoreError::UnknownRole { role: role.to_owned() });
        }
        let statements = missing(&mut transaction, role).await?;
        for statement in &statements {
            // Names in it were quoted by the database.
            sqlx::raw_sql(AssertSqlSafe(statement.clone())).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(statements)
    }

    /// Refuses a role that may not do with our tables what the service does.
    ///
    /// # Errors
    /// [`StoreError::MissingRights`], and the usual ones.
    pub async fn require_rights(&self) -> Result<(), StoreError> {
        let mut connection = self.pool.acquire().await?;
        let role = current_role(&mut connection).await?;
        let statements = missing(&mut connection, &role).await?;
        if statements.is_empty() { Ok(()) } else { Err(StoreError::MissingRights { role, statements }) }
    }
}

/// The names of our tables.
pub(crate) fn tables() -> Vec<&'static str> {
    RIGHTS.iter().map(|(table, _)| *table).collect()
}

/// The role that this connection acts as.
pub(crate) async fn current_role(connection: &mut PgConnection) -> Result<String, sqlx::Error> {
    sqlx::query_scalar("SELECT current_user::text").fetch_one(connection).await
}

/// The statements that would give `role` what it lacks.
pub(crate) async fn missing(connection: &mut PgConnection, role: &str) -> Result<Vec<String>, sqlx::Error> {
    let needed = RIGHTS.iter().flat_map(|(table, rights)| rights.iter().map(|right| (*table, *right)));
    let (tables, rights): (Vec<_>, Vec<_>) = needed.unzip();
    sqlx::query_scalar(
        "SELECT format('GRANT CONNECT ON DATABASE %I TO %I;', current_database(), $1::name)
         WHERE NOT has_database_privilege($1::name, current_database(), 'CONNECT')
         UNION ALL
         SELECT format('GRANT USAGE ON SCHEMA %I TO %I;', schema, $1::name)
         FROM coalesce(current_schema(), 'public') AS schema
         WHERE NOT has_schema_privilege($1::name, schema, 'USAGE')
         UNION ALL
         SELECT format('GRANT %s ON %s TO %I;', string_agg(privilege, ', '), oid::regclass, $1::name)
         FROM unnest($2::text[], $3::text[]) AS needed (name, privilege)
         JOIN pg_class ON oid = to_regclass(needed.name)
         WHERE NOT has_table_privilege($1::name, oid, privilege)
         GROUP BY oid",
    )
    .bind(role)
    .bind(tables)
    .bind(rights)
    .fetch_all(connection)
    .await
}
