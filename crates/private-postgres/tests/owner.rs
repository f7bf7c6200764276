//! A server ends with the process that owns it, in whatever way that ends.

#![expect(clippy::unwrap_used, reason = "a test that lacks its server cannot go on")]

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
};

use private_postgres::{Error, Options, PrivatePostgres, testing::TestDatabase};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

/// Account and group `nobody`, by the numbers that Linux and the BSDs agree on.
const NOBODY: u32 = 65534;

/// A process of its own that runs a server on kept data.
struct Owner {
    process: Child,
    input: Option<ChildStdin>,
    url: String,
}

impl Owner {
    fn start(command: &mut Command, directory: &Path) -> Self {
        let mut process = command.arg(directory).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
        assert!(url.starts_with("postgres://"), "the server did not start");
        Self { input: process.stdin.take(), process, url: url.trim_end().to_owned() }
    }

    /// Sends the signal and waits for the end of the process (not of its server).
    fn end_by(mut self, signal: &str) -> ExitStatus {
        let sent = Command::new("kill").args(["-s", signal, &self.process.id().to_string()]).status().unwrap();
        assert!(sent.success());
        self.process.wait().unwrap()
    }

    fn sockets(&self) -> PathBuf {
        use std::str::FromStr;
        sqlx::postgres::PgConnectOptions::from_str(&self.url).unwrap().get_socket().unwrap().clone()
    }
}

/// Waits until no process of the server in `directory` holds the lock on its log any more.
fn wait_until_gone(directory: &Path) {
    File::open(directory.join("server.log")).unwrap().lock().unwrap();
}

fn owner() -> Command {
    Command::new(env!("CARGO_BIN_EXE_private-postgres"))
}

/// A directory that any account can reach and fill.
fn open_directory() -> TempDir {
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
    directory
}

async fn insert(url: &str, n: i32) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql("create table if not exists kept (n int)").execute(&mut connection).await.unwrap();
    sqlx::query("insert into kept values ($1)").bind(n).execute(&mut connection).await.unwrap();
}

async fn rows(url: &str) -> Vec<i32> {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query_scalar("select n from kept order by n").fetch_all(&mut connection).await.unwrap()
}

#[tokio::test]
async fn a_killed_owner_leaves_no_server_and_the_next_one_finds_its_data() {
    let kept = open_directory();
    let directory = kept.path().join("demo");
    for run in 1..=3 {
        let owner = Owner::start(&mut owner(), &directory);
        insert(&owner.url, run).await;
        let sockets = owner.sockets();
        let url = owner.url.clone();
        assert!(!owner.end_by("KILL").success());
        wait_until_gone(&directory);
        assert!(PgConnection::connect(&url).await.is_err());
        assert!(!directory.join("data/postmaster.pid").exists());
        assert!(!sockets.exists());
    }
    let owner = Owner::start(&mut owner(), &directory);
    assert_eq!(rows(&owner.url).await, [1, 2, 3]);
    owner.end_by("KILL");
    wait_until_gone(&directory);
}

#[tokio::test]
async fn a_start_right_after_a_kill_waits_for_the_old_server_to_be_gone() {
    let kept = open_directory();
    let first = Owner::start(&mut owner(), kept.path());
    insert(&first.url, 1).await;
    first.end_by("KILL");
    let server = PrivatePostgres::start(Options::kept_in(kept.path())).await.unwrap();
    assert_eq!(rows(&server.url("postgres")).await, [1]);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn another_process_is_refused_while_the_first_runs() {
    let kept = open_directory();
    let mut first = Owner::start(&mut owner(), kept.path());
    let second = owner().arg(kept.path()).output().unwrap();
    assert!(!second.status.success());
    let message = String::from_utf8(second.stderr).unwrap();
    assert!(message.contains("a server already runs on"), "{message}");
    insert(&first.url, 1).await;
    drop(first.input.take());
    assert!(first.process.wait().unwrap().success());
}

#[tokio::test]
async fn ctrl_c_stops_the_server_in_order_before_the_owner_ends() {
    let kept = open_directory();
    let owner = Owner::start(&mut owner(), kept.path());
    let sockets = owner.sockets();
    assert!(owner.end_by("INT").success());
    assert!(!sockets.exists());
    let log = fs::read_to_string(kept.path().join("server.log")).unwrap();
    assert!(log.contains("received fast shutdown request") && log.contains("database system is shut down"), "{log}");
}

#[tokio::test]
async fn a_pid_file_whose_number_is_another_process_now_does_not_prevent_a_start() {
    let kept = open_directory();
    PrivatePostgres::start(Options::kept_in(kept.path())).await.unwrap().stop().await.unwrap();
    // PostgreSQL itself refuses to start while a process of its account has the number in this file.
    let data = kept.path().join("data");
    let mut sleeper = as_server_account(&data, "cat").stdin(Stdio::piped()).spawn().unwrap();
    let text = format!("{}\n{}\n1700000000\n5432\n\n\n\nready   \n", sleeper.id(), data.display());
    File::create(data.join("postmaster.pid")).unwrap().write_all(text.as_bytes()).unwrap();
    let started = PrivatePostgres::start(Options::kept_in(kept.path())).await;
    drop(sleeper.stdin.take());
    sleeper.wait().unwrap();
    started.unwrap().stop().await.unwrap();
}

/// A command that runs as the owner of `data`, as the server does.
fn as_server_account(data: &Path, program: &str) -> Command {
    use std::os::unix::fs::MetadataExt;
    let owner = data.metadata().unwrap();
    let mut command = Command::new(program);
    if is_root() {
        command.uid(owner.uid()).gid(owner.gid());
    }
    command
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().unwrap().stdout == b"0\n"
}

/// The directory of the programs that a server of this process runs on.
async fn programs_in_use() -> String {
    let database = TestDatabase::empty().await;
    let setting = "select setting from pg_config where name = 'BINDIR'";
    sqlx::query_scalar(setting).fetch_one(database.pool()).await.unwrap()
}

#[tokio::test]
async fn the_variable_chooses_the_programs() {
    let (kept, programs) = (open_directory(), programs_in_use().await);
    let empty = owner().arg(kept.path()).env("PRIVATE_POSTGRES_BIN", kept.path()).output().unwrap();
    let message = String::from_utf8(empty.stderr).unwrap();
    assert!(!empty.status.success() && message.contains("correct PRIVATE_POSTGRES_BIN"), "{message}");

    let chosen = kept.path().join("chosen");
    fs::create_dir(&chosen).unwrap();
    for (name, more) in [("initdb", ""), ("postgres", "-c cluster_name=chosen")] {
        fs::write(chosen.join(name), format!("#!/bin/sh\nexec '{programs}/{name}' \"$@\" {more}\n")).unwrap();
        fs::set_permissions(chosen.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let owner = Owner::start(owner().env("PRIVATE_POSTGRES_BIN", &chosen), &kept.path().join("demo"));
    let mut connection = PgConnection::connect(&owner.url).await.unwrap();
    let name: String =
        sqlx::query_scalar("select current_setting('cluster_name')").fetch_one(&mut connection).await.unwrap();
    assert_eq!(name, "chosen");
    assert!(owner.end_by("INT").success());
}

#[tokio::test]
async fn an_ordinary_user_can_own_a_server() {
    let kept = open_directory();
    // The build directory and the npm packages may be closed to the other account; what a server of root's runs on is not.
    let program = kept.path().join("owner");
    fs::copy(env!("CARGO_BIN_EXE_private-postgres"), &program).unwrap();
    let mut command = Command::new(&program);
    command.current_dir("/").env("PRIVATE_POSTGRES_BIN", programs_in_use().await);
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    let directory = kept.path().join("demo");
    let mut owner = Owner::start(&mut command, &directory);
    insert(&owner.url, 1).await;
    assert_eq!(rows(&owner.url).await, [1]);
    drop(owner.input.take());
    assert!(owner.process.wait().unwrap().success());
    wait_until_gone(&directory);
}

#[tokio::test]
async fn a_directory_that_the_server_cannot_use_is_told_from_one_that_it_can() {
    let closed = tempfile::tempdir_in("/tmp").unwrap();
    fs::set_permissions(closed.path(), fs::Permissions::from_mode(if is_root() { 0o700 } else { 0o500 })).unwrap();
    let error = PrivatePostgres::start(Options::kept_in(closed.path().join("demo"))).await.unwrap_err();
    match (is_root(), &error) {
        // Root can make it, and the server's account cannot come through to it.
        (true, Error::Unreachable { directory, .. }) => assert!(directory.ends_with("demo")),
        (false, Error::Directory { path, .. }) => assert!(path.ends_with("demo")),
        _ => panic!("{error}"),
    }
}
