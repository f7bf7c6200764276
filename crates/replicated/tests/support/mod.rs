//! Servers on loopback for the tests, and clients to call them.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeZone, Utc};
use domain::clock::{ManualClock, SystemClock};
use outbound::Outbound;
use replicated::simulator::Simulator;
use replicated::{Client, Identity, Settings, Timeouts};
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

pub(crate) const KEY: &str = "replicated_pk_TESTKEY";
pub(crate) const EMAIL: &str = "Ada.Admin@corp.example";
pub(crate) const CLUSTER: &str = "0035969ec53f6e7f0fb40f08cc9ed4783aa99c2000cf1ebe4187c10dd0d8370f";

/// Settings for `base_url` with limits that no healthy loopback call comes near.
pub(crate) fn settings(base_url: &str) -> Settings {
    Settings {
        base_url: Url::parse(base_url).unwrap(),
        publishable_key: KEY.into(),
        app_slug: "openhands-enterprise".to_owned(),
        product: "ohe-telemetry".to_owned(),
        version: "0.1.0".to_owned(),
        timeouts: Timeouts { connect: Duration::from_secs(20), total: Duration::from_secs(20) },
        outbound: Outbound::default(),
    }
}

pub(crate) fn client(base_url: &str) -> Client {
    client_with(&settings(base_url))
}

pub(crate) fn client_with(settings: &Settings) -> Client {
    Client::new(settings, Arc::new(SystemClock)).unwrap()
}

/// A client that gives up soon, for servers that never answer in full. Long enough for loopback on a busy machine.
pub(crate) fn impatient(base_url: &str) -> Client {
    let settings = settings(base_url);
    client_with(&Settings { timeouts: Timeouts { total: Duration::from_secs(2), ..settings.timeouts }, ..settings })
}

pub(crate) fn email() -> SecretString {
    EMAIL.into()
}

pub(crate) fn metrics() -> Map<String, Value> {
    set(&json!({"total_users": 42, "conversations_30d": 7.5, "plan": "free", "beta": true}))
}

pub(crate) fn set(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

/// An identity that no vendor knows.
pub(crate) fn stranger() -> Identity {
    Identity {
        customer_id: "cust_x".to_owned(),
        instance_id: "inst_x".to_owned(),
        cluster_id: CLUSTER.to_owned(),
        service_token: Some("svc-token-0123456789abcdef0123".into()),
    }
}

pub(crate) fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).unwrap()
}

/// A running simulator; its clock stands at noon until it is moved.
pub(crate) struct Vendor {
    pub(crate) simulator: Simulator,
    pub(crate) clock: ManualClock,
    pub(crate) url: String,
}

impl Vendor {
    pub(crate) async fn start() -> Self {
        let clock = ManualClock::new(noon());
        Self::run(Simulator::new(Arc::new(clock.clone())), clock).await
    }

    pub(crate) async fn run(simulator: Simulator, clock: ManualClock) -> Self {
        let (listener, address) = listener().await;
        let serving = simulator.clone();
        tokio::spawn(async move { serving.serve(listener, std::future::pending()).await });
        Self { simulator, clock, url: format!("http://{address}") }
    }
}

pub(crate) async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

/// An address that nobody listens on.
pub(crate) async fn closed_port() -> String {
    listener().await.1
}

/// A server that reads one request per connection, sends `reply` as it stands, and closes. Gives its address.
pub(crate) async fn raw_server(reply: impl Into<Vec<u8>>) -> String {
    let (listener, address) = listener().await;
    let reply = reply.into();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            read_request(&mut stream).await;
            stream.write_all(&reply).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    address
}

/// A server that accepts and then keeps still, its connections open.
pub(crate) async fn silent_server() -> String {
    let (listener, address) = listener().await;
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            open.push(stream);
        }
    });
    address
}

/// Reads the head of a request and as much body as it announces; gives the head.
pub(crate) async fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok()).flatten()
            });
            if body.len() >= length.unwrap_or(0) {
                return head.to_owned();
            }
        }
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return text;
        }
    }
}

/// The text at `url`, which must be there.
pub(crate) async fn page(url: &str) -> String {
    let response = reqwest::get(url).await.unwrap().error_for_status().unwrap();
    response.text().await.unwrap()
}
