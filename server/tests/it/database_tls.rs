//! A connection to the database that is secured, and whose certificates are trusted then.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use domain::clock::SystemClock;
use ohe_telemetry::config::Config;
use ohe_telemetry::install::Install;
use outbound::Roots;
use private_postgres::{Options, PrivatePostgres, Shutdown};
use sqlx::{AssertSqlSafe, ConnectOptions as _};
use store::StoreError;

use crate::authority::{Authority, Issued};
use crate::command::command;

static ADDRESSES: AtomicU32 = AtomicU32::new(1);

/// A server that secures its connections on addresses of this machine's alone.
struct Server {
    _postgres: PrivatePostgres,
    authority: Authority,
    /// What its certificate is for.
    address: Ipv4Addr,
    /// Another address of it.
    other_address: Ipv4Addr,
}

impl Server {
    async fn start() -> Self {
        // All of 127.0.0.0/8 is this machine, so that each server has addresses that no other one uses.
        let of_process = Ipv4Addr::new(127, 1, 0, 0).to_bits() + (std::process::id() % 0x8000) * 0x100;
        let mut addresses = (0..2).map(|_| Ipv4Addr::from(of_process + ADDRESSES.fetch_add(1, Ordering::Relaxed)));
        let (address, other_address) = (addresses.next().unwrap(), addresses.next().unwrap());
        let options = Options::temporary().setting("listen_addresses", format!("{address}, {other_address}"));
        let postgres = PrivatePostgres::start(options).await.unwrap();
        let authority = Authority::new();
        secure(&postgres, &authority.issue(&address.to_string())).await;
        Self { _postgres: postgres, authority, address, other_address }
    }

    /// What names this server in an environment, with these variables besides.
    fn environment(&self, mode: &str, changes: &[(&str, &Path)]) -> BTreeMap<String, String> {
        let host = self.address.to_string();
        let ours = [("DB_HOST", host.as_str()), ("DB_NAME", "postgres"), ("DB_SSL_MODE", mode)];
        let changes = changes.iter().map(|&(name, value)| (name, value.to_str().unwrap()));
        ours.into_iter().chain(changes).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

/// Gives the server its certificate. It writes the files by itself, since it may run as another user.
async fn secure(postgres: &PrivatePostgres, issued: &Issued) {
    let mut connection = postgres.connect_options("postgres").connect().await.unwrap();
    for (file, pem) in [("server.crt", issued.certificate.pem()), ("server.key", issued.key.serialize_pem())] {
        let lines = format!("SELECT unnest(string_to_array('{}', E'\\n'))", pem.replace('\r', ""));
        let write = format!("COPY ({lines}) TO PROGRAM 'umask 077; cat > {file}'");
        sqlx::raw_sql(AssertSqlSafe(write)).execute(&mut connection).await.unwrap();
    }
    sqlx::raw_sql("ALTER SYSTEM SET ssl = on").execute(&mut connection).await.unwrap();
    drop(connection);
    postgres.shut_down(Shutdown::Fast).await.unwrap();
    postgres.start_again().await.unwrap();
}

/// Is the connection secured, where there is one?
async fn connects(config: &Config) -> Result<bool, StoreError> {
    let install = Install::new(config, Arc::new(SystemClock)).unwrap();
    install.services.store.ping().await?;
    let is_secured = sqlx::query_scalar("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
    Ok(is_secured.fetch_one(install.services.store.pool()).await?)
}

fn refusal(outcome: Result<bool, StoreError>) -> String {
    match outcome {
        Err(error @ StoreError::Untrusted { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_certificate_is_checked_against_the_named_authority() {
    let server = Server::start().await;
    let directory = tempfile::tempdir().unwrap();
    let file = server.authority.file_in(directory.path(), "authority.pem");
    let stranger = Authority::new().file_in(directory.path(), "stranger.crt");
    let config = |mode: &str, changes: &[(&str, &Path)]| Config::read(&server.environment(mode, changes)).unwrap();
    assert!(connects(&config("require", &[])).await.unwrap(), "nobody's certificate is checked");
    for mode in ["verify-full", "verify-ca"] {
        assert!(connects(&config(mode, &[("SSL_CERT_FILE", &file)])).await.unwrap(), "{mode}");
        assert!(connects(&config(mode, &[("SSL_CERT_DIR", directory.path())])).await.unwrap(), "{mode}");
        for changes in [&[][..], &[("SSL_CERT_FILE", &*stranger)]] {
            let told = refusal(connects(&config(mode, changes)).await);
            assert!(told.contains("issued it in SSL_CERT_FILE"), "{mode}: {told}");
        }
    }
    let elsewhere = |mode| {
        let config = config(mode, &[("SSL_CERT_FILE", &file)]);
        let database = config.database.clone().map(|options| options.host(&server.other_address.to_string()));
        Config { database, ..config }
    };
    let told = refusal(connects(&elsewhere("verify-full")).await);
    assert!(told.contains("another name"), "{told}");
    assert!(connects(&elsewhere("verify-ca")).await.unwrap());
}

#[tokio::test]
async fn the_systems_certificates_and_the_connections_own_count_besides() {
    let server = Server::start().await;
    let directory = tempfile::tempdir().unwrap();
    let file = server.authority.file_in(directory.path(), "authority.pem");
    let stranger = Authority::new();
    let named = stranger.file_in(directory.path(), "stranger.pem");

    let mut roots = Roots::of_system([&file]);
    roots.trust(stranger.pem().as_bytes()).unwrap();
    let config = Config::read(&server.environment("verify-full", &[])).unwrap();
    let database = config.database.clone().map(|options| options.ssl_root_cert_from_pem(roots.complete_pem()));
    assert!(connects(&Config { database, ..config }).await.unwrap(), "the system's");

    let url = format!(
        "postgres://postgres@{}/postgres?sslmode=verify-full&sslrootcert={}",
        server.address,
        file.to_str().unwrap()
    );
    for named in [None, Some(("SSL_CERT_FILE", named.to_str().unwrap()))] {
        let variables = [("DATABASE_URL", url.as_str())].into_iter().chain(named);
        let environment = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        assert!(connects(&Config::read(&environment).unwrap()).await.unwrap(), "sslrootcert");
    }
}

#[tokio::test]
async fn the_program_says_what_to_do_and_does_it() {
    let server = Server::start().await;
    let directory = tempfile::tempdir().unwrap();
    let authorities = directory.path().join("authorities");
    std::fs::create_dir(&authorities).unwrap();
    server.authority.file_in(&authorities, "authority.pem");
    let stranger = Authority::new().file_in(directory.path(), "stranger.pem");
    let run = async |changes: &[(&str, &Path)]| {
        let environment = server.environment("verify-full", changes);
        let output = command(&environment, &["migrate"]).output().await.unwrap();
        let told = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
        (output.status.code(), told)
    };
    let (code, told) = run(&[]).await;
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("cannot be trusted") && told.contains("SSL_CERT_FILE"), "{told}");
    let (code, told) = run(&[("SSL_CERT_FILE", &stranger), ("SSL_CERT_DIR", &authorities)]).await;
    assert_eq!(code, Some(0), "{told}");
}

#[tokio::test]
async fn every_pool_of_an_install_trusts_the_named_authority() {
    let server = Server::start().await;
    let directory = tempfile::tempdir().unwrap();
    let file = server.authority.file_in(directory.path(), "authority.pem");
    let config = Config::read(&server.environment("verify-full", &[("SSL_CERT_FILE", &file)])).unwrap();
    let install = Install::new(&config, Arc::new(SystemClock)).unwrap();
    install.prepare().await.unwrap();
    install.services.admin_email.find().await.unwrap();
}
