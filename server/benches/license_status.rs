//! How much of a bare handler's speed is left to `GET /api/license-status`: requests per second of both over loopback,
//! in turns, by `wrk` with 32 connections. Prints one line of JSON with the medians.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark says what it measured, or cannot go on")]

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::http::header;
use axum::routing::get;
use domain::clock::SystemClock;
use ohe_telemetry::config::Config;
use ohe_telemetry::http::{Access, license_status};
use ohe_telemetry::services::LicenseService;
use private_postgres::testing::TestDatabase;
use store::Store;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

const ROUNDS: usize = 5;
const SECONDS: u32 = 4;

#[tokio::main]
async fn main() {
    // `cargo test --benches` runs this too, to see that it starts.
    let is_test = std::env::args().any(|argument| argument == "--test");
    let (rounds, seconds) = if is_test { (1, 1) } else { (ROUNDS, SECONDS) };
    let database = TestDatabase::empty().await;
    let store = Store::new(database.pool().clone());
    store.migrate().await.unwrap();
    let license = LicenseService::new(store, true, 4, Arc::new(SystemClock));
    tokio::spawn({
        let license = license.clone();
        async move { license.keep_fresh(CancellationToken::new()).await }
    });
    let ready = license.ready().await.unwrap();
    let access = Access::of(&Config::read(&[].into()).unwrap().web);
    let bare = get(async move || ([(header::CONTENT_TYPE, "application/json")], ready.body.clone()));
    let bare = serve(Router::new().route("/api/license-status", bare)).await;
    let ours = serve(license_status(license, &access)).await;
    let (mut bare_runs, mut our_runs) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        bare_runs.push(wrk(bare, seconds).await);
        our_runs.push(wrk(ours, seconds).await);
    }
    let bare = median(bare_runs.iter().map(|run| run.requests_per_second));
    let ours = median(our_runs.iter().map(|run| run.requests_per_second));
    let p99 = median(our_runs.iter().map(|run| run.p99_milliseconds));
    println!(
        "{{\"license_status_requests_per_second\":{ours:.0},\"bare_requests_per_second\":{bare:.0},\
         \"ratio\":{:.3},\"p99_milliseconds\":{p99:.2}}}",
        ours / bare
    );
}

async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

struct Run {
    requests_per_second: f64,
    p99_milliseconds: f64,
}

async fn wrk(address: SocketAddr, seconds: u32) -> Run {
    let url = format!("http://{address}/api/license-status");
    let output = Command::new("wrk")
        .args(["--threads", "1", "--connections", "32", "--latency", "--duration"])
        .args([format!("{seconds}s"), url])
        .output()
        .await
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains("Non-2xx"), "{text}");
    let value = |label: &str| {
        text.lines().find_map(|line| line.trim().strip_prefix(label)).map(str::trim).unwrap_or_default().to_owned()
    };
    Run { requests_per_second: value("Requests/sec:").parse().unwrap(), p99_milliseconds: milliseconds(&value("99%")) }
}

/// wrk writes `640.00us`, `1.25ms` or `2.00s`.
fn milliseconds(text: &str) -> f64 {
    for (unit, factor) in [("us", 0.001), ("ms", 1.0), ("s", 1000.0)] {
        if let Some(number) = text.strip_suffix(unit).and_then(|number| number.parse::<f64>().ok()) {
            return number * factor;
        }
    }
    f64::NAN
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values = values.collect::<Vec<_>>();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
