//! The simulated portal, over sockets: what it answers, what it keeps, what it shows.

#![expect(clippy::unwrap_used, reason = "a test ends at its first surprise, and so do the functions it shares")]

mod support;

use std::sync::Arc;

use chrono::TimeDelta;
use domain::clock::ManualClock;
use replicated::simulator::{Endpoint, Fault, Rule, Simulator, When};
use replicated::{AppStatus, Client};
use reqwest::StatusCode;
use serde_json::{Value, json};
use support::{CLUSTER, EMAIL, KEY, Vendor, client, email, listener, metrics, noon, set};

async fn post(url: &str, authorization: Option<&str>, headers: &[(&str, &str)], body: &str) -> (StatusCode, Value) {
    let mut request = reqwest::Client::new().post(url).body(body.to_owned());
    if let Some(authorization) = authorization {
        request = request.header("Authorization", authorization);
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

#[tokio::test]
async fn credentials_that_nobody_was_given_are_refused_with_401() {
    let clock = ManualClock::new(noon());
    let vendor = Vendor::run(Simulator::new(Arc::new(clock.clone())).accepting_only(KEY), clock).await;
    let bearer = format!("Bearer {KEY}");
    for (endpoint, authorization) in [
        (Endpoint::Customer, None),
        (Endpoint::Customer, Some("Bearer other")),
        (Endpoint::Customer, Some("Basic x")),
        (Endpoint::Instance, Some("svc-unknown")),
        (Endpoint::Instance, Some(bearer.as_str())),
        (Endpoint::Metrics, Some("svc-unknown")),
        (Endpoint::CheckIn, None),
    ] {
        let (status, body) = post(&format!("{}{}", vendor.url, endpoint.path()), authorization, &[], "{}").await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{endpoint:?} {authorization:?}");
        assert!(body["message"].is_string());
    }
    client(&vendor.url).register(&email(), CLUSTER).await.unwrap();
}

#[tokio::test]
async fn metrics_must_be_a_non_empty_object_of_scalars_from_a_known_instance() {
    let vendor = Vendor::start().await;
    let identity = client(&vendor.url).register(&email(), CLUSTER).await.unwrap().value;
    let url = format!("{}{}", vendor.url, Endpoint::Metrics.path());
    let bearer = format!("Bearer {KEY}");
    for (instance, body, status) in [
        (identity.instance_id.as_str(), r#"{"data":{"a":1,"b":"x","c":true,"d":0.5}}"#, 200),
        (&identity.instance_id, r#"{"data":{}}"#, 400),
        (&identity.instance_id, r#"{"data":{"a":null}}"#, 400),
        (&identity.instance_id, r#"{"data":{"a":[1]}}"#, 400),
        (&identity.instance_id, r#"{"data":{"a":{"b":1}}}"#, 400),
        (&identity.instance_id, r#"{"data":[1]}"#, 400),
        (&identity.instance_id, "{}", 400),
        (&identity.instance_id, "not json", 400),
        ("inst_of_nobody", r#"{"data":{"a":1}}"#, 404),
    ] {
        let headers = [("X-Replicated-InstanceID", instance)];
        let (answered, _) = post(&url, Some(&bearer), &headers, body).await;
        assert_eq!(answered, StatusCode::from_u16(status).unwrap(), "{instance} {body}");
    }
    assert_eq!(vendor.simulator.snapshot().instances[0].deliveries, 1);
}

#[tokio::test]
async fn one_customer_cannot_write_to_anothers_instance() {
    let vendor = Vendor::start().await;
    let client = client(&vendor.url);
    let mine = client.register(&email(), CLUSTER).await.unwrap().value;
    let theirs = client.register(&"other@corp.example".into(), CLUSTER).await.unwrap().value;
    let crossed = replicated::Identity { instance_id: theirs.instance_id, ..mine };
    let error = client.send_metrics(&crossed, &metrics()).await.unwrap_err();
    assert_eq!(error.http_status, Some(404));
}

#[tokio::test]
async fn a_set_replaces_the_last_and_changes_carry_the_time_of_arrival() {
    let vendor = Vendor::start().await;
    let client = client(&vendor.url);
    let identity = client.register(&email(), CLUSTER).await.unwrap().value;
    client.send_metrics(&identity, &set(&json!({"users": 1, "gone": "x"}))).await.unwrap();
    vendor.clock.advance(TimeDelta::days(7));
    client.send_metrics(&identity, &set(&json!({"users": 2}))).await.unwrap();
    let instance = vendor.simulator.snapshot().instances.remove(0);
    assert_eq!(instance.metrics.len(), 1);
    assert_eq!(instance.metrics["users"].changed_at, noon() + TimeDelta::days(7));
    assert_eq!(instance.changes.len(), 4, "two appeared, one changed, one went");
    assert_eq!((instance.last_check_in, instance.cluster_id.as_deref()), (None, Some(CLUSTER)));
}

#[tokio::test]
async fn an_instance_is_active_for_a_day_after_its_check_in() {
    let vendor = Vendor::start().await;
    let client = client(&vendor.url);
    let identity = client.register(&email(), CLUSTER).await.unwrap().value;
    assert!(support::page(&vendor.url).await.contains("never checked in"));
    client.check_in(&identity, AppStatus::Degraded, "1.2.3").await.unwrap();
    vendor.clock.advance(TimeDelta::hours(24));
    let page = support::page(&vendor.url).await;
    assert!(page.contains(">active<") && page.contains("degraded") && page.contains("1.2.3"), "{page}");
    vendor.clock.advance(TimeDelta::seconds(1));
    assert!(support::page(&vendor.url).await.contains("inactive for more than 24 h"));
}

#[tokio::test]
async fn an_instance_is_made_once_per_cluster() {
    let vendor = Vendor::start().await;
    let client = client(&vendor.url);
    let customer = client.register_customer(&email()).await.unwrap().value;
    let first = client.create_instance(&customer, CLUSTER).await.unwrap();
    let again = client.create_instance(&customer, CLUSTER).await.unwrap();
    assert_eq!((first.http_status, &first.value), (201, &again.value));
}

#[tokio::test]
async fn the_script_is_written_and_healed_over_http() {
    let vendor = Vendor::start().await;
    let url = format!("{}/simulator/script", vendor.url);
    let json = [("Content-Type", "application/json")];
    let rule = r#"{"fault":{"kind":"status","status":503,"retry_after":{"seconds":7}},"endpoint":"customer","when":{"requests":2}}"#;
    let (status, script) = post(&url, None, &json, rule).await;
    assert_eq!((status, script[0]["consulted"].clone()), (StatusCode::OK, json!(0)));
    let (status, answer) = post(&url, None, &json, r#"{"fault":{"kind":"sunspots"}}"#).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(answer["message"].as_str().unwrap().contains("sunspots"), "{answer}");

    let client = client(&vendor.url);
    for expected in [Some(503), Some(503), None] {
        let outcome = client.register_customer(&email()).await;
        assert_eq!(outcome.err().and_then(|error| error.http_status), expected);
    }
    vendor.simulator.fail(Fault::Html.into());
    client.register_customer(&email()).await.unwrap_err();
    reqwest::Client::new().delete(&url).send().await.unwrap();
    client.register_customer(&email()).await.unwrap();
    assert!(vendor.simulator.snapshot().script.is_empty());
}

#[tokio::test]
async fn flapping_fails_and_passes_by_turns() {
    let vendor = Vendor::start().await;
    let when = When::Flapping { fail: 2, pass: 1 };
    vendor.simulator.fail(Rule { fault: Fault::Close, endpoint: None, when });
    let client = client(&vendor.url);
    let mut passed = Vec::new();
    for _ in 0..6 {
        passed.push(client.register_customer(&email()).await.is_ok());
    }
    assert_eq!(passed, [false, false, true, false, false, true]);
}

#[tokio::test]
async fn the_state_tells_every_request_and_no_secret() {
    let vendor = Vendor::start().await;
    let client = client(&vendor.url);
    let identity = client.register(&email(), CLUSTER).await.unwrap().value;
    client.send_metrics(&identity, &metrics()).await.unwrap();
    vendor.simulator.fail(Rule { fault: Fault::Reset, endpoint: None, when: When::Requests(1) });
    client.check_in(&identity, AppStatus::Ready, "1").await.unwrap_err();
    let text = support::page(&format!("{}/simulator/state", vendor.url)).await;
    let state: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        state["counts"],
        json!({"requests": 3, "failed": 1, "by_endpoint": {"customer": 1, "metrics": 1, "check_in": 1}})
    );
    assert_eq!(state["requests"][0]["body"]["email_address"], "A***@corp.example");
    assert_eq!(state["requests"][1]["body"], json!({"data": metrics()}));
    assert_eq!(state["requests"][1]["status"], 200);
    assert_eq!(state["requests"][2]["fault"], json!({"kind": "reset"}));
    let token = secrecy::ExposeSecret::expose_secret(identity.service_token.as_ref().unwrap());
    for secret in [EMAIL, KEY, token] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn the_state_file_keeps_the_vendor_between_runs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vendor.json");
    let start = || {
        let clock = ManualClock::new(noon());
        let simulator = Simulator::with_state_file(Arc::new(clock.clone()), &path).unwrap();
        Vendor::run(simulator, clock)
    };
    let first = start().await;
    let first_client: Client = client(&first.url);
    let identity = first_client.register(&email(), CLUSTER).await.unwrap().value;
    first_client.send_metrics(&identity, &metrics()).await.unwrap();

    let second = start().await;
    client(&second.url).check_in(&identity, AppStatus::Ready, "2").await.unwrap();
    let instance = second.simulator.snapshot().instances.remove(0);
    assert_eq!((instance.deliveries, instance.version_label.as_deref()), (1, Some("2")));
    assert_eq!(instance.metrics.len(), metrics().len());
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(files, ["vendor.json"]);
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600, "it holds tokens");
    }

    std::fs::write(&path, "{\"customers\": 7}").unwrap();
    let error = Simulator::with_state_file(Arc::new(ManualClock::new(noon())), &path).err().unwrap();
    assert!(error.to_string().contains("remove it to start afresh"), "{error}");
}

#[tokio::test]
async fn shutting_down_ends_requests_that_hang() {
    let simulator = Simulator::new(Arc::new(ManualClock::new(noon())));
    simulator.fail(Fault::Hang.into());
    let (listener, address) = listener().await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = simulator.clone();
    let server = tokio::spawn(async move { serving.serve(listener, async { drop(stopped.await) }).await });
    let client = client(&format!("http://{address}"));
    let hanging = tokio::spawn(async move { client.register_customer(&email()).await });
    while simulator.snapshot().counts.requests == 0 {
        tokio::task::yield_now().await;
    }
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
    assert!(hanging.await.unwrap().is_err());
}
