//! What the client sends is what the vendor's published SDK was seen to send.

#![expect(clippy::unwrap_used, reason = "a test ends at its first surprise, and so do the functions it shares")]

mod support;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use replicated::{AppStatus, Client, Customer, Identity, MetricsBody};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use support::{client, listener};

const FIXTURE: &str = include_str!("fixtures/recorded_wire.json");

#[derive(Deserialize)]
struct Recording {
    scenarios: Vec<Scenario>,
}

#[derive(Deserialize)]
struct Scenario {
    name: String,
    exchanges: Vec<Exchange>,
}

#[derive(Deserialize, Clone)]
struct Exchange {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: String,
    response: Response,
}

#[derive(Deserialize, Clone)]
struct Response {
    status: u16,
    body: String,
}

impl Exchange {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A request as it arrived.
struct Seen {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: String,
}

#[derive(Clone, Default)]
struct Replay {
    responses: Arc<Mutex<Vec<Response>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// Answers one recorded response after the other, and keeps what came.
async fn replay(exchanges: &[Exchange]) -> (Replay, String) {
    let replay = Replay::default();
    replay.responses.lock().unwrap().extend(exchanges.iter().rev().map(|exchange| exchange.response.clone()));
    let answer = |State(replay): State<Replay>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes| async move {
        let body = String::from_utf8(body.to_vec()).unwrap();
        replay.seen.lock().unwrap().push(Seen { method, path: uri.path().to_owned(), headers, body });
        let response = replay.responses.lock().unwrap().pop().unwrap();
        (StatusCode::from_u16(response.status).unwrap(), response.body)
    };
    let (listener, address) = listener().await;
    let router = Router::new().fallback(answer).with_state(replay.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (replay, format!("http://{address}"))
}

/// Makes the call that a recorded exchange came from, with what the calls before it gave.
async fn call(client: &Client, exchange: &Exchange, customer: &mut Option<Customer>, instance: &mut Option<String>) {
    let identity = || {
        let customer = customer.as_ref().unwrap();
        Identity {
            customer_id: customer.id.clone(),
            instance_id: instance.clone().or(customer.instance_id.clone()).unwrap(),
            cluster_id: support::CLUSTER.to_owned(),
            service_token: customer.service_token.clone(),
        }
    };
    let body = exchange.json();
    if exchange.path.ends_with("/v3/customer") {
        let email = body["email_address"].as_str().unwrap().into();
        *customer = Some(client.register_customer(&email).await.unwrap().value);
    } else if exchange.path.ends_with("/v3/instance") {
        assert_eq!(customer.as_ref().unwrap().instance_id, None, "an instance is made only where there is none");
        let made = client.create_instance(customer.as_ref().unwrap(), support::CLUSTER).await.unwrap().value;
        *instance = Some(made);
    } else if exchange.path.ends_with("/custom-metrics") {
        let body = MetricsBody::of(&support::set(&body["data"])).unwrap();
        client.send_body(&identity(), &body).await.unwrap();
    } else {
        let status = match exchange.header("X-Replicated-AppStatus") {
            Some("degraded") => AppStatus::Degraded,
            _ => AppStatus::Ready,
        };
        client.check_in(&identity(), status, exchange.header("X-Replicated-VersionLabel").unwrap()).await.unwrap();
    }
}

fn assert_same(seen: &Seen, recorded: &Exchange, scenario: &str) {
    let place = format!("{scenario}: {}", recorded.path);
    assert_eq!(
        (seen.method.as_str(), seen.path.as_str()),
        (recorded.method.as_str(), recorded.path.as_str()),
        "{place}"
    );
    let sent = |name: &str| seen.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    for name in [
        "Authorization",
        "Content-Type",
        "X-Replicated-InstanceID",
        "X-Replicated-ClusterID",
        "X-Replicated-AppStatus",
        "X-Replicated-VersionLabel",
    ] {
        assert_eq!(sent(name).as_deref(), recorded.header(name), "{place}: {name}");
    }
    let ours = seen.headers.keys().filter(|name| name.as_str().starts_with("x-replicated")).count();
    let theirs = recorded.headers.iter().filter(|(name, _)| name.starts_with("X-Replicated")).count();
    assert_eq!(ours, theirs, "{place}: as many headers of the vendor's");
    assert_eq!(sent("User-Agent").as_deref(), Some("Replicated-SDK/0.1.0+ohe-telemetry"), "{place}");
    assert_eq!(
        recorded.header("User-Agent"),
        Some("Replicated-SDK/0.1.0a2+python"),
        "{place}: the form it takes after"
    );

    let (body, expected): (Value, Value) = (serde_json::from_str(&seen.body).unwrap(), recorded.json());
    // The client asks for no other channel and tells no other name than the SDK does unless told to.
    if expected.get("name").is_none_or(Value::is_null) {
        assert_eq!(body, expected, "{place}");
        assert_eq!(seen.body.len(), recorded.body.len(), "{place}: compact JSON");
    }
}

#[tokio::test]
async fn every_request_is_the_recorded_one() {
    let recording: Recording = serde_json::from_str(FIXTURE).unwrap();
    let mut compared = 0;
    let (mut customer, mut instance) = (None, None);
    for scenario in &recording.scenarios {
        let (replay, url) = replay(&scenario.exchanges).await;
        let base = if scenario.name.starts_with("base_url") { format!("{url}/pre/") } else { url };
        let client = client(&base);
        for exchange in &scenario.exchanges {
            if exchange.path.ends_with("/v3/customer") {
                instance = None;
            }
            call(&client, exchange, &mut customer, &mut instance).await;
        }
        let seen = replay.seen.lock().unwrap();
        assert_eq!(seen.len(), scenario.exchanges.len(), "{}", scenario.name);
        for (seen, recorded) in seen.iter().zip(&scenario.exchanges) {
            assert_same(seen, recorded, &scenario.name);
            compared += 1;
        }
    }
    assert_eq!((recording.scenarios.len(), compared), (15, 40));
}

#[tokio::test]
async fn the_tag_data_names_the_application_where_the_sdk_names_the_host() {
    let recording: Recording = serde_json::from_str(FIXTURE).unwrap();
    let recorded = recording.scenarios[0].exchanges.iter().find(|exchange| exchange.path.ends_with("/info")).unwrap();
    let tags = |header: &str| serde_json::from_slice::<Value>(&BASE64_STANDARD.decode(header).unwrap()).unwrap();
    assert_eq!(
        tags(recorded.header("X-Replicated-InstanceTagData").unwrap()),
        json!({"force": true, "tags": {"name": "vm"}})
    );
    let (replay, url) = replay(std::slice::from_ref(recorded)).await;
    client(&url).check_in(&support::stranger(), AppStatus::Ready, "1 \u{fc}\r\nX: y").await.unwrap();
    let seen = replay.seen.lock().unwrap();
    assert_eq!(
        tags(seen[0].headers["X-Replicated-InstanceTagData"].to_str().unwrap()),
        json!({"force": true, "tags": {"name": "openhands-enterprise"}})
    );
    assert_eq!(seen[0].headers["X-Replicated-VersionLabel"], "1 ---X: y");
}

#[tokio::test]
async fn the_digest_of_a_body_is_that_of_the_bytes_that_arrive() {
    let recording: Recording = serde_json::from_str(FIXTURE).unwrap();
    let exchanges = recording.scenarios.iter().flat_map(|scenario| &scenario.exchanges);
    let recorded = exchanges.into_iter().find(|exchange| exchange.path.ends_with("/custom-metrics")).unwrap();
    let (replay, url) = replay(std::slice::from_ref(recorded)).await;
    let body = MetricsBody::of(&support::set(&json!({"users": 42, "grösse": 7.50, "plan": "fr\"ee"}))).unwrap();
    client(&url).send_body(&support::stranger(), &body).await.unwrap();
    let seen = replay.seen.lock().unwrap();
    assert_eq!(seen[0].body.as_bytes(), body.bytes());
    assert_eq!(body.sha256(), format!("{:x}", Sha256::digest(&seen[0].body)));
}
