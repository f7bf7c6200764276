//! What can go wrong in the database, by what a caller does about it.

use rustls::CertificateError;
use sqlx::migrate::MigrateError;

/// A failure of the store. The messages are for administrators; none carries a connection string or a secret.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached, refuses the connection, or went away. Worth another try later.
    #[error("the database is not available")]
    Unavailable(#[source] sqlx::Error),
    /// The connection is to be secured, and the database's certificate is not one to trust.
    #[error("the database's certificate cannot be trusted: {advice}")]
    Untrusted {
        /// What is wrong with it, and what to do.
        advice: &'static str,
        /// What the connection failed with.
        #[source]
        source: sqlx::Error,
    },
    /// The database did not answer within the caller's limit. Worth another try later.
    #[error("the database does not answer")]
    NoAnswer,
    /// The database accepts no writes, as a standby or one that is being maintained does.
    #[error("the database is read-only")]
    ReadOnly(#[source] sqlx::Error),
    /// The database has no room left.
    #[error("the database's disk is full")]
    DiskFull(#[source] sqlx::Error),
    /// A pooler in transaction mode stands between us and the database.
    #[error(
        "a connection pooler in transaction mode stands between this service and the database, where locks do not hold: \
         name the database itself in DATABASE_URL (or DB_HOST and DB_PORT), or give the service a pool in session mode \
         (PgBouncer: pool_mode = session)"
    )]
    PooledTransactions,
    /// Tables or columns of ours are missing. The source is the statement that did not find them, where one was run.
    #[error(
        "the telemetry tables are missing or out of date; run `ohe-telemetry migrate`, or, where the service's role may \
         create nothing, `ohe-telemetry migrate --grant-to ROLE` as the owner of OHE's database"
    )]
    NotMigrated(#[source] Option<sqlx::Error>),
    /// The role may not run the migrations, or not use the tables. Each statement is one that the owner, or a superuser, would
    /// have to run; the command does it all.
    #[error(
        "the database role `{role}` may not set up or not use the telemetry tables; run `ohe-telemetry migrate --grant-to \
         {role}` as the owner of OHE's database, or give the role the rights itself: {}",
        statements.join(" ")
    )]
    MissingRights {
        /// The role.
        role: String,
        /// SQL to run.
        statements: Vec<String>,
    },
    /// There is no such role to give rights to.
    #[error("the database has no role `{role}`; create it first: CREATE ROLE ... LOGIN PASSWORD '...'")]
    UnknownRole {
        /// The role that was named.
        role: String,
    },
    /// The database refused a statement, because the role lacks a right.
    #[error(
        "the database role lacks a right; run `ohe-telemetry migrate --grant-to ROLE` as the owner of OHE's database, with \
         the service's role for ROLE"
    )]
    Forbidden(#[source] sqlx::Error),
    /// A migration failed, or one that was already run has another content now.
    #[error("the migration of the telemetry tables failed")]
    Migration(#[source] MigrateError),
    /// Anything else: a fault of ours, or a row that another program wrote.
    #[error("the database refused a statement or gave an unexpected answer")]
    Other(#[source] sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if let Some(reason) = refused_certificate(&error) {
            return Self::Untrusted { advice: advice_on(reason), source: error };
        }
        let classify: fn(sqlx::Error) -> Self = match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable,
            sqlx::Error::Database(database) => class_of(database.code().as_deref().unwrap_or_default()),
            _ => Self::Other,
        };
        classify(error)
    }
}

/// Why the certificate was refused; `None` if the connection failed for another reason, or did not.
fn refused_certificate(error: &sqlx::Error) -> Option<&CertificateError> {
    let tls = match error {
        sqlx::Error::Io(error) => error.get_ref()?.downcast_ref(),
        sqlx::Error::Tls(error) => error.downcast_ref(),
        _ => None,
    };
    match tls? {
        rustls::Error::InvalidCertificate(reason) => Some(reason),
        _ => None,
    }
}

fn advice_on(reason: &CertificateError) -> &'static str {
    match reason {
        // The second where an authority of the same name is trusted.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "name the certificate of the authority that issued it in SSL_CERT_FILE, which is trusted besides the system's"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it is for another name than the one in DATABASE_URL or DB_HOST; use a name that it is for, or the mode verify-ca"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "it has expired, or this machine's clock is wrong"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet, or this machine's clock is wrong"
        }
        _ => "have it replaced, or set the mode to require where the network itself is secure",
    }
}

/// By SQLSTATE, see appendix A of PostgreSQL's manual.
fn class_of(sqlstate: &str) -> fn(sqlx::Error) -> StoreError {
    match sqlstate {
        "25006" => StoreError::ReadOnly,
        "53100" => StoreError::DiskFull,
        // No such table, column or function.
        "42P01" | "42703" | "42883" => |error| StoreError::NotMigrated(Some(error)),
        "42501" => StoreError::Forbidden,
        // Being shut down, crashed or starting; too many connections; no such database.
        "57P01" | "57P02" | "57P03" | "57P05" | "53300" | "3D000" => StoreError::Unavailable,
        // Connection exceptions; refused credentials.
        code if code.starts_with("08") || code.starts_with("28") => StoreError::Unavailable,
        _ => StoreError::Other,
    }
}

impl From<MigrateError> for StoreError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) => error.into(),
            MigrateError::ExecuteMigration(error, version) => match Self::from(error) {
                Self::Other(error) | Self::NotMigrated(Some(error)) => {
                    Self::Migration(MigrateError::ExecuteMigration(error, version))
                }
                known => known,
            },
            other => Self::Migration(other),
        }
    }
}
