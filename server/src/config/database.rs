//! Where OHE's database is: `DATABASE_URL`, else OHE's own `DB_*` variables.

use std::fs;
use std::str::FromStr as _;

use outbound::Roots;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use url::Url;

use super::variables::Variables;

/// OHE's own defaults for its `DB_*` variables.
const OHE_DEFAULTS: (&str, u16, &str, &str, &str) = ("localhost", 5432, "postgres", "postgres", "openhands");

/// Reads the database section. None where nothing names a database. Where the server's certificate is checked, it has to come
/// from one of `roots`.
pub(super) fn read(variables: &mut Variables<'_>, roots: &Roots) -> Option<PgConnectOptions> {
    let url = variables.secret("DATABASE_URL");
    let options = connect_options(url.as_ref(), variables)?;
    Some(trusting(options, roots.clone(), url.as_ref(), variables))
}

/// Without certificates named in the environment, the driver finds the system's by itself. Where some are named there, it
/// trusts those instead, and adds what it is given here: all of them.
fn trusting(
    options: PgConnectOptions,
    mut roots: Roots,
    url: Option<&SecretString>,
    variables: &mut Variables<'_>,
) -> PgConnectOptions {
    if roots.are_the_systems_alone() {
        return options;
    }
    // The connection's own are replaced by those given here, so they have to be among them.
    if let Some((name, certificates)) = certificates_of_the_connection(url, variables)
        && let Err(error) = trust(&mut roots, &certificates)
    {
        let fault = format!("names `{certificates}` as root certificates (sslrootcert), which cannot be used: {error}");
        variables.fault(name, &fault);
    }
    options.ssl_root_cert_from_pem(roots.complete_pem())
}

/// `sslrootcert` in the URL, in each spelling that the driver takes, else libpq's variable.
fn certificates_of_the_connection(
    url: Option<&SecretString>,
    variables: &Variables<'_>,
) -> Option<(&'static str, String)> {
    let url = url.and_then(|url| Url::parse(url.expose_secret()).ok());
    let in_url = url.as_ref().and_then(|url| {
        url.query_pairs().filter(|(name, _)| ["sslrootcert", "ssl-root-cert", "ssl-ca"].contains(&&**name)).last()
    });
    let named = match in_url {
        Some((_, value)) => ("DATABASE_URL", value.into_owned()),
        None => ("PGSSLROOTCERT", variables.find("PGSSLROOTCERT")?.to_owned()),
    };
    // libpq's word for the system's certificates, which are among the roots.
    Some(named).filter(|(_, value)| value != "system")
}

/// Trusts what a file holds, or a text in PEM.
fn trust(roots: &mut Roots, certificates: &str) -> Result<(), String> {
    let pem = if certificates.trim_start().starts_with("-----BEGIN") {
        certificates.as_bytes().to_vec()
    } else {
        fs::read(certificates).map_err(|error| error.to_string())?
    };
    roots.trust(&pem).map_err(|error| error.to_string())
}

fn connect_options(url: Option<&SecretString>, variables: &mut Variables<'_>) -> Option<PgConnectOptions> {
    let host = variables.text("DB_HOST");
    let port = variables.checked_or("DB_PORT", OHE_DEFAULTS.1, "a port from 1 to 65535", |&port| port > 0);
    let user = variables.text("DB_USER");
    let password = variables.secret("DB_PASS");
    let name = variables.text("DB_NAME");
    let ssl_mode = ssl_mode(variables);
    if let Some(url) = url {
        return parse_url(url.expose_secret(), variables);
    }
    if host.is_none() && user.is_none() && name.is_none() {
        if variables.text("GCP_DB_INSTANCE").is_some() {
            variables.fault(
                "DATABASE_URL",
                "is not set, and OHE reaches its database through Cloud SQL (GCP_DB_INSTANCE); \
                 expected the URL of that database, for instance through the Cloud SQL proxy",
            );
        }
        return None;
    }
    // Separate fields: a password with `@` or `/` needs no escaping here.
    let options = PgConnectOptions::new_without_pgpass()
        .host(host.as_deref().unwrap_or(OHE_DEFAULTS.0))
        .port(port)
        .username(user.as_deref().unwrap_or(OHE_DEFAULTS.2))
        // OHE strips its DB_PASS too.
        .password(password.as_ref().map_or(OHE_DEFAULTS.3, |password| password.expose_secret().trim()))
        .database(name.as_deref().unwrap_or(OHE_DEFAULTS.4));
    Some(match ssl_mode {
        Some(mode) => options.ssl_mode(mode),
        None => options,
    })
}

/// `DB_SSL_MODE`, in libpq's words. A URL says the same by its own `sslmode`.
fn ssl_mode(variables: &mut Variables<'_>) -> Option<PgSslMode> {
    let word = variables.text("DB_SSL_MODE")?;
    match word.parse() {
        // sqlx takes `allow` for "never", and a server that insists on TLS would refuse us. Of the modes that fall back to
        // what the server offers, it knows `prefer`.
        Ok(PgSslMode::Allow) => Some(PgSslMode::Prefer),
        Ok(mode) => Some(mode),
        Err(_) => {
            let fault = format!("is `{word}`; expected disable, allow, prefer, require, verify-ca or verify-full");
            variables.fault("DB_SSL_MODE", &fault);
            None
        }
    }
}

fn parse_url(url: &str, variables: &mut Variables<'_>) -> Option<PgConnectOptions> {
    // SQLAlchemy's spellings, which people copy from OHE's configuration.
    let plain =
        url.replacen("postgresql+asyncpg://", "postgresql://", 1).replacen("postgresql+pg8000://", "postgresql://", 1);
    let is_postgres = plain.starts_with("postgres://") || plain.starts_with("postgresql://");
    // The parser's own error can quote the URL and with it the password, so it is not repeated.
    let parsed = is_postgres.then(|| PgConnectOptions::from_str(&plain).ok()).flatten();
    if parsed.is_none() {
        variables.fault(
            "DATABASE_URL",
            "is not a PostgreSQL URL (its value is not shown, as it may hold a password); expected \
             postgres://user:password@host:5432/database, with special characters of the password percent-encoded",
        );
    }
    parsed
}
