//! Delivering a backlog: one request per batch, as this client does, against one request per metric with the map that
//! grows, as the published SDK does. Both over loopback to the simulator. Prints one line of JSON.

#![expect(clippy::print_stdout, reason = "the figures are the benchmark's output")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::clock::SystemClock;
use outbound::Outbound;
use replicated::simulator::Simulator;
use replicated::{Client, Error, Identity, Settings, Timeouts};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

const BATCHES: u32 = 200;
const METRICS: u32 = 90;
/// The short way is measured this often, and its median taken: one round is over in milliseconds.
const ROUNDS: u32 = 9;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulator = Simulator::new(Arc::new(SystemClock));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let base_url = format!("http://{}", listener.local_addr()?);
    let serving = simulator.clone();
    tokio::spawn(async move { serving.serve(listener, std::future::pending()).await });
    let client = client(&base_url)?;
    let identity = client.register(&"ada@corp.example".into(), &"0".repeat(64)).await?.value;

    let batches: Vec<Map<String, Value>> = (0..BATCHES).map(batch).collect();
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        rounds.push(one_request_per_batch(&client, &identity, &batches).await?);
    }
    rounds.sort();
    let per_batch = rounds[rounds.len() / 2];
    let per_metric = one_request_per_metric(&client, &identity, &batches).await?;

    let requests = simulator.snapshot().counts.requests;
    let expected = u64::from(1 + ROUNDS * BATCHES + BATCHES * METRICS);
    assert_eq!(requests, expected, "every request of both ways reached the simulator");
    let line = json!({
        "benchmark": "delivery",
        "batches": BATCHES,
        "metrics_per_batch": METRICS,
        "per_batch_seconds": per_batch.as_secs_f64(),
        "per_metric_seconds": per_metric.as_secs_f64(),
        "batches_per_second": f64::from(BATCHES) / per_batch.as_secs_f64(),
        "ratio": per_metric.as_secs_f64() / per_batch.as_secs_f64(),
    });
    println!("{line}");
    Ok(())
}

fn client(base_url: &str) -> Result<Client, Box<dyn std::error::Error>> {
    let settings = Settings {
        base_url: base_url.parse()?,
        publishable_key: "replicated_pk_BENCH".into(),
        app_slug: "openhands-enterprise".to_owned(),
        product: "benchmark".to_owned(),
        version: "0".to_owned(),
        timeouts: Timeouts::default(),
        outbound: Outbound::default(),
    };
    Ok(Client::new(&settings, Arc::new(SystemClock))?)
}

fn batch(number: u32) -> Map<String, Value> {
    (0..METRICS).map(|metric| (format!("metric_{metric:02}_of_the_batch"), json!(number * 7 + metric))).collect()
}

async fn one_request_per_batch(
    client: &Client,
    identity: &Identity,
    batches: &[Map<String, Value>],
) -> Result<Duration, Error> {
    let start = Instant::now();
    for batch in batches {
        client.send_metrics(identity, batch).await?;
    }
    Ok(start.elapsed())
}

async fn one_request_per_metric(
    client: &Client,
    identity: &Identity,
    batches: &[Map<String, Value>],
) -> Result<Duration, Error> {
    let start = Instant::now();
    let mut map = Map::new();
    for batch in batches {
        // A new process starts with an empty map; the SDK's grows by one metric per request.
        map.clear();
        for (key, value) in batch {
            map.insert(key.clone(), value.clone());
            client.send_metrics(identity, &map).await?;
        }
    }
    Ok(start.elapsed())
}
