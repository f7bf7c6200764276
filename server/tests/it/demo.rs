//! The demo: its stories, and that nothing of it stays behind.

use std::net::TcpListener as StdTcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use domain::ohe::Generation;
use ohe_telemetry::demo::{Demo, Options, Scenario};
use replicated::simulator::Endpoint;
use serde_json::Value;
use store::BatchSummary;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

use crate::command::command;

/// Below /tmp, which the other user under whom PostgreSQL runs may enter too.
fn data_dir() -> TempDir {
    tempfile::tempdir_in("/tmp").unwrap()
}

async fn start(scenario: Scenario, data_dir: &Path, reset: bool) -> Demo {
    try_start(scenario, data_dir, reset).await.unwrap()
}

async fn try_start(scenario: Scenario, data_dir: &Path, reset: bool) -> anyhow::Result<Demo> {
    let listen = async || TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let (dashboard, vendor) = (listen().await, listen().await);
    let (generation, data_dir) = (Generation::Settings, data_dir.to_owned());
    Demo::start(Options { scenario, generation, dashboard, vendor, data_dir, reset }, &|_| {}).await
}

async fn batches(demo: &Demo) -> Vec<BatchSummary> {
    demo.install.services.store.list_batches(None, 0, 100).await.unwrap()
}

async fn stop(demo: Demo) {
    demo.install.services.store.pool().close().await;
    demo.vendor.stop().await;
    demo.postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_story_could_have_happened_and_is_kept_until_it_is_reset() {
    let kept = data_dir();
    let demo = start(Scenario::Failing, kept.path(), false).await;
    let told = batches(&demo).await;
    assert_eq!(told.len(), 26, "one a week for half a year");
    // Two weeks without a vendor; between the slots of a Sunday a third batch waits for its first try.
    let pending = told.iter().take_while(|batch| batch.uploaded_at.is_none()).count();
    assert!((2..=3).contains(&pending), "{told:?}");
    assert!(told[pending..].iter().all(|batch| batch.uploaded_at.is_some()), "the vendor was there before: {told:?}");
    for batch in &told {
        assert!(batch.uploaded_at.is_none_or(|delivered| delivered > batch.collected_at), "{batch:?}");
        let attempts = demo.install.services.store.find_batch(batch.id).await.unwrap().unwrap().attempts;
        assert!(attempts.iter().all(|attempt| attempt.started_at > batch.collected_at), "{attempts:?}");
        assert_eq!(batch.metric_count, 90);
    }
    assert!(demo.welcome().contains("/sample"));
    stop(demo).await;

    let again = start(Scenario::Failing, kept.path(), false).await;
    assert_eq!(batches(&again).await, told);
    stop(again).await;
    let reset = start(Scenario::Failing, kept.path(), true).await;
    let retold = batches(&reset).await;
    assert!(retold.len() == 26 && retold.iter().all(|batch| told.iter().all(|before| before.id != batch.id)));
    stop(reset).await;
}

#[tokio::test]
async fn data_of_another_version_of_postgresql_are_kept_until_a_reset_throws_all_scenarios_away() {
    let kept = data_dir();
    let (version, other_vendor) =
        (kept.path().join("postgres/data/PG_VERSION"), kept.path().join("vendor-healthy.json"));
    std::fs::create_dir_all(version.parent().unwrap()).unwrap();
    std::fs::write(kept.path().join("postgres/server.log"), "").unwrap();
    std::fs::write(&version, "9\n").unwrap();
    std::fs::write(&other_vendor, "{}").unwrap();
    let error = try_start(Scenario::Fresh, kept.path(), false).await.err().unwrap();
    let message = format!("{error:#}");
    assert!(message.contains("--reset") && message.contains("made by PostgreSQL 9"), "{message}");
    assert!(version.exists() && other_vendor.exists());

    stop(start(Scenario::Fresh, kept.path(), true).await).await;
    assert_ne!(std::fs::read_to_string(version).unwrap(), "9\n");
    assert!(!other_vendor.exists());
}

/// The program on two ports that nobody has.
fn run(scenario: &str, data_dir: &Path) -> (Child, u16) {
    let taken = |port| StdTcpListener::bind(("127.0.0.1", port));
    let port = (20_000..u16::MAX).find(|&port| taken(port).is_ok() && taken(port + 1).is_ok()).unwrap();
    let mut command = command(
        &[("PATH".to_owned(), "/usr/bin:/bin".to_owned())].into(),
        &["demo", "--scenario", scenario, "--port", &port.to_string(), "--data-dir"],
    );
    let child = command.arg(data_dir).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    (child, port)
}

#[tokio::test]
async fn a_fresh_install_delivers_by_itself_and_ctrl_c_leaves_nothing_running() {
    let kept = data_dir();
    let (mut demo, port) = run("fresh", kept.path());
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    while !lines.next_line().await.unwrap().expect("it says what to open").contains("Ctrl-C stops everything") {}
    let state = format!("http://127.0.0.1:{}/simulator/state", port + 1);
    let delivered = async {
        loop {
            let state: Value = reqwest::get(&state).await.unwrap().json().await.unwrap();
            if state["counts"]["by_endpoint"][Endpoint::Metrics.word()] == 1 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), delivered).await.expect("the first batch is delivered");
    for path in ["/admin", "/sample", "/api/license-status"] {
        let reply = reqwest::get(format!("http://127.0.0.1:{port}{path}")).await.unwrap();
        assert_eq!(reply.status(), 200, "{path}");
    }
    let id = demo.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().await.unwrap().success());
    assert_eq!(demo.wait().await.unwrap().code(), Some(0));
    assert!(kept.path().join("postgres/data/PG_VERSION").exists());
    assert!(!kept.path().join("postgres/data/postmaster.pid").exists(), "PostgreSQL runs on");
    assert!(StdTcpListener::bind(("127.0.0.1", port)).is_ok());
}
