//! Brings the tables up to date. The rules for migrations are in `migrations/README.md`.

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{Connection as _, PgConnection};

use crate::rights::{self, current_role};
use crate::{Store, StoreError};

/// No other tool that keeps a ledger in the same database uses this name.
const LEDGER: &str = "telemetry_schema_migrations";

/// How the tables compare with what this program expects. Versions are the timestamps that the files begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaState {
    /// Run in this database, and known to this program.
    pub applied: Vec<i64>,
    /// Not run yet.
    pub pending: Vec<i64>,
    /// Run by a later release; harmless, as migrations let the previous release go on.
    pub newer: Vec<i64>,
    /// Run with another content than this program's.
    pub changed: Vec<i64>,
}

impl SchemaState {
    /// Is there nothing to do?
    pub fn is_current(&self) -> bool {
        self.pending.is_empty() && self.changed.is_empty()
    }
}

fn migrator() -> Migrator {
    let mut migrator = sqlx::migrate!("../../migrations");
    migrator.dangerous_set_table_name(LEDGER);
    // After a roll-back, an older program meets a newer database.
    migrator.set_ignore_missing(true);
    // The lock is taken here: sqlx's keeps it after an error, and shares it with every other program that uses sqlx.
    migrator.set_locking(false);
    migrator
}

impl Store {
    /// Brings the tables up to date, and returns the versions that this call has run; `None` if there was nothing to do,
    /// which needs no right to write. Any number of processes may call it at once: one works, the others wait.
    ///
    /// # Errors
    /// [`StoreError::MissingRights`] where the role may not, [`StoreError::Migration`] where a migration fails (it leaves
    /// nothing behind), and the usual ones.
    pub async fn migrate(&self) -> Result<Vec<i64>, StoreError> {
        if self.schema_state().await?.is_current() {
            return Ok(Vec::new());
        }
        // A connection of its own, which takes the lock with it whichever way this ends.
        let mut connection = self.pool.acquire().await?.detach();
        let applied = migrate(&mut connection).await?;
        connection.close().await?;
        Ok(applied)
    }

    /// How the tables compare with what this program expects.
    ///
    /// # Errors
    /// Any [`StoreError`]; missing tables are no error, they are pending.
    pub async fn schema_state(&self) -> Result<SchemaState, StoreError> {
        let mut connection = self.pool.acquire().await?;
        schema_state(&mut connection).await
    }

    /// Refuses tables that are missing or out of date, and changes nothing.
    ///
    /// # Errors
    /// [`StoreError::NotMigrated`], [`StoreError::Migration`] where a migration that was run has another content now, and the
    /// usual ones.
    pub async fn require_current(&self) -> Result<(), StoreError> {
        let state = self.schema_state().await?;
        if let Some(version) = state.changed.first() {
            return Err(StoreError::Migration(MigrateError::VersionMismatch(*version)));
        }
        if state.is_current() { Ok(()) } else { Err(StoreError::NotMigrated(None)) }
    }
}

async fn migrate(connection: &mut PgConnection) -> Result<Vec<i64>, StoreError> {
    // A conversion may take its time, and so may waiting for another process to finish one.
    sqlx::query("SET statement_timeout = 0").execute(&mut *connection).await?;
    sqlx::query("SELECT pg_advisory_lock(hashtextextended('ohe-telemetry migrations in ' || current_schema(), 0))")
        .execute(&mut *connection)
        .await?;
    let state = schema_state(connection).await?;
    if state.is_current() {
        return Ok(Vec::new());
    }
    let statements = missing_rights(connection).await?;
    if !statements.is_empty() {
        return Err(StoreError::MissingRights { role: current_role(connection).await?, statements });
    }
    migrator().run_direct(None, connection, false).await?;
    tracing::info!(versions = ?state.pending, "the telemetry tables are up to date");
    Ok(state.pending)
}

/// The versions that have run, with their checksums. Looks for the table first: the database would log a question to one
/// that is missing, or may not be read, as an error.
async fn ledger(connection: &mut PgConnection) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
    let readable: Option<bool> = sqlx::query_scalar(
        "SELECT has_table_privilege(oid, 'SELECT') FROM pg_class WHERE oid = to_regclass('telemetry_schema_migrations')",
    )
    .fetch_optional(&mut *connection)
    .await?;
    match readable {
        None => Ok(Vec::new()),
        Some(true) => Ok(sqlx::query_as("SELECT version, checksum FROM telemetry_schema_migrations ORDER BY version")
            .fetch_all(connection)
            .await?),
        Some(false) => {
            let role = current_role(connection).await?;
            let statements = rights::missing(connection, &role).await?;
            Err(StoreError::MissingRights { role, statements })
        }
    }
}

async fn schema_state(connection: &mut PgConnection) -> Result<SchemaState, StoreError> {
    let ledger = ledger(connection).await?;
    let migrator = migrator();
    let known = |version| migrator.iter().find(|migration| migration.version == version);
    let mut state = SchemaState { applied: Vec::new(), pending: Vec::new(), newer: Vec::new(), changed: Vec::new() };
    for (version, checksum) in &ledger {
        match known(*version) {
            None => state.newer.push(*version),
            Some(migration) if *migration.checksum != **checksum => state.changed.push(*version),
            Some(_) => state.applied.push(*version),
        }
    }
    state.pending = migrator
        .iter()
        .map(|migration| migration.version)
        .filter(|version| !ledger.iter().any(|(applied, _)| applied == version))
        .collect();
    Ok(state)
}

/// The statements that would give this role what the migrations need: tables may stem from OHE's own migrations, or from
/// migrations that another role ran, and only their owner can alter them; since PostgreSQL 15, not every role may create
/// tables in `public`.
async fn missing_rights(connection: &mut PgConnection) -> Result<Vec<String>, StoreError> {
    Ok(sqlx::query_scalar(
        "SELECT format('ALTER TABLE %s OWNER TO %I;', oid::regclass, current_user)
         FROM unnest($1::text[]) AS ours (name)
         JOIN pg_class ON oid = to_regclass(name)
         WHERE NOT pg_has_role(relowner, 'USAGE')
         UNION ALL
         SELECT format('GRANT SELECT ON %s TO %I;', oid::regclass, current_user)
         FROM pg_class
         WHERE oid = to_regclass('telemetry_replicated_identity') AND NOT has_table_privilege(oid, 'SELECT')
         UNION ALL
         SELECT format('GRANT USAGE, CREATE ON SCHEMA %I TO %I;', schema, current_user)
         FROM coalesce(current_schema(), 'public') AS schema
         WHERE NOT has_schema_privilege(schema, 'CREATE')",
    )
    .bind(rights::tables())
    .fetch_all(connection)
    .await?)
}
