//! The tables of the queues, which are apalis' own: making them, telling whether they are up to date, and giving the
//! service's role what it needs on them.

use apalis_postgres::PostgresStorage;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use store::StoreError;

use super::queue::{JobQueue, JobQueueError};

impl JobQueue {
    /// Makes the tables, or brings them up to date; where there is nothing to do, no right to create is needed.
    ///
    /// # Errors
    /// [`JobQueueError::MissingRights`], [`JobQueueError::ForeignFunction`], [`JobQueueError::SetUp`] or
    /// [`JobQueueError::Store`].
    pub async fn set_up(&self) -> Result<(), JobQueueError> {
        // A connection of its own, which takes sqlx's lock with it whichever way this ends. In the pool, it would keep the
        // lock after an error, and the next try, here or in another process, would wait for it.
        let mut connection = self.pool().acquire().await?.detach();
        // apalis' set-up creates the schema if it is not there, which the database refuses before it looks whether it is.
        if !is_current(&mut connection).await? {
            let role = current_role(&mut connection).await?;
            set_up(&mut connection, role).await?;
        }
        Ok(connection.close().await?)
    }

    /// Refuses tables that are missing or out of date, and changes nothing.
    ///
    /// # Errors
    /// [`JobQueueError::NotSetUp`], [`JobQueueError::MissingRights`] or [`JobQueueError::Database`].
    pub async fn require_current(&self) -> Result<(), JobQueueError> {
        let mut connection = self.pool().acquire().await?;
        if is_current(&mut connection).await? { Ok(()) } else { Err(JobQueueError::NotSetUp) }
    }

    /// Refuses a role that may not do with the tables what the service does.
    ///
    /// # Errors
    /// [`JobQueueError::MissingRights`] or [`JobQueueError::Database`].
    pub async fn require_rights(&self) -> Result<(), JobQueueError> {
        let mut connection = self.pool().acquire().await?;
        let role = current_role(&mut connection).await?;
        if missing_rights(&mut connection, &role).await?.is_empty() {
            Ok(())
        } else {
            Err(JobQueueError::MissingRights { role })
        }
    }

    /// Gives `role` what the service needs on the tables, and returns the statements that did; an empty list if it has them all.
    ///
    /// # Errors
    /// [`JobQueueError::Database`], as where this role may not give it; nothing is given then.
    pub async fn grant_to(&self, role: &str) -> Result<Vec<String>, JobQueueError> {
        let mut transaction = self.pool().begin().await?;
        let statements = missing_rights(&mut transaction, role).await?;
        for statement in &statements {
            // Names in it were quoted by the database.
            sqlx::raw_sql(AssertSqlSafe(statement.clone())).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(statements)
    }
}

async fn set_up(connection: &mut PgConnection, role: String) -> Result<(), JobQueueError> {
    if let Some(function) = foreign_function(connection).await? {
        return Err(JobQueueError::ForeignFunction { function });
    }
    PostgresStorage::migrations().run_direct(None, connection, false).await.map_err(|error| {
        match StoreError::from(error) {
            StoreError::Forbidden(_) => JobQueueError::MissingRights { role },
            known @ (StoreError::Unavailable(_)
            | StoreError::Untrusted { .. }
            | StoreError::ReadOnly(_)
            | StoreError::DiskFull(_)) => JobQueueError::Store(known),
            other => JobQueueError::SetUp(other),
        }
    })
}

/// Have all of apalis' migrations run that this program knows? Those of a later release are no concern of this one's.
async fn is_current(connection: &mut PgConnection) -> Result<bool, JobQueueError> {
    // By the catalog: to_regclass would be refused where the role may not use the schema.
    let readable: Option<bool> = sqlx::query_scalar(
        "SELECT has_schema_privilege(pg_namespace.oid, 'USAGE') AND has_table_privilege(pg_class.oid, 'SELECT')
         FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
         WHERE nspname = 'apalis' AND relname = '_sqlx_migrations'",
    )
    .fetch_optional(&mut *connection)
    .await?;
    match readable {
        None => return Ok(false),
        Some(false) => return Err(JobQueueError::MissingRights { role: current_role(connection).await? }),
        Some(true) => {}
    }
    let applied: Vec<i64> =
        sqlx::query_scalar("SELECT version FROM apalis._sqlx_migrations WHERE success").fetch_all(connection).await?;
    Ok(PostgresStorage::migrations().iter().all(|migration| applied.contains(&migration.version)))
}

/// The role that this connection acts as.
async fn current_role(connection: &mut PgConnection) -> Result<String, sqlx::Error> {
    sqlx::query_scalar("SELECT current_user::text").fetch_one(connection).await
}

/// The statements that would give `role` what it lacks. Functions are as good as open to everybody by default, and are named
/// for the databases where that was changed.
async fn missing_rights(connection: &mut PgConnection, role: &str) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "WITH apalis AS (SELECT oid FROM pg_namespace WHERE nspname = 'apalis'),
         needed (name, privilege) AS (VALUES
             ('jobs', 'SELECT'), ('jobs', 'INSERT'), ('jobs', 'UPDATE'), ('jobs', 'DELETE'),
             ('workers', 'SELECT'), ('workers', 'INSERT'), ('workers', 'UPDATE'), ('workers', 'DELETE'),
             ('_sqlx_migrations', 'SELECT'))
         SELECT format('GRANT USAGE ON SCHEMA apalis TO %I;', $1::name) FROM apalis
         WHERE NOT has_schema_privilege($1::name, apalis.oid, 'USAGE')
         UNION ALL
         SELECT format('GRANT %s ON apalis.%I TO %I;', string_agg(privilege, ', '), relname, $1::name)
         FROM needed
         JOIN pg_class ON relname = needed.name AND relnamespace IN (SELECT oid FROM apalis)
         WHERE NOT has_table_privilege($1::name, pg_class.oid, privilege)
         GROUP BY relname
         UNION ALL
         SELECT format('GRANT USAGE ON SEQUENCE apalis.%I TO %I;', relname, $1::name)
         FROM pg_sequence JOIN pg_class ON pg_class.oid = seqrelid
         WHERE relnamespace IN (SELECT oid FROM apalis) AND NOT has_sequence_privilege($1::name, seqrelid, 'USAGE')
         UNION ALL
         SELECT format('GRANT EXECUTE ON FUNCTION apalis.%I(%s) TO %I;', proname,
                       pg_get_function_identity_arguments(oid), $1::name)
         FROM pg_proc
         WHERE pronamespace IN (SELECT oid FROM apalis) AND NOT has_function_privilege($1::name, oid, 'EXECUTE')",
    )
    .bind(role)
    .fetch_all(connection)
    .await
}

/// A function of somebody else's that apalis' migrations would replace. They make `generate_ulid()` in the first schema of
/// the search path, and a later one drops it from `public`; since then apalis keeps its own in its own schema. Once the
/// migration that makes it has run, such a function is apalis' own, or was made after the last that touches it.
async fn foreign_function(connection: &mut PgConnection) -> Result<Option<String>, sqlx::Error> {
    const MAKES_IT: i64 = 20_230_330_210_841;
    let has_ledger: bool = sqlx::query_scalar("SELECT to_regclass('apalis._sqlx_migrations') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await?;
    if has_ledger {
        let has_run: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM apalis._sqlx_migrations WHERE version = $1)")
                .bind(MAKES_IT)
                .fetch_one(&mut *connection)
                .await?;
        if has_run {
            return Ok(None);
        }
    }
    sqlx::query_scalar(
        "SELECT format('%I.%I()', nspname, proname) FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
         WHERE proname = 'generate_ulid' AND pronargs = 0 AND nspname IN ('public', current_schema()) LIMIT 1",
    )
    .fetch_optional(connection)
    .await
}
