//! HTTP, through a real socket.

use std::sync::Arc;

use ohe_telemetry::config::Config;
use ohe_telemetry::http::{Access, Limits, router};
use reqwest::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, ETAG, HOST, IF_NONE_MATCH, ORIGIN,
};
use reqwest::{Client, StatusCode};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::fixture::Fixture;

async fn serve(fixture: &Fixture) -> String {
    let config = Config::read(&fixture.environment).unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = router(Arc::clone(&fixture.install), &Access::of(&config.web));
    let limits = Limits::of(&config.web);
    tokio::spawn(async move { ohe_telemetry::http::serve(listener, router, limits, std::future::pending()).await });
    format!("http://{address}")
}

#[tokio::test]
async fn the_license_status_is_public_cacheable_and_revalidated() {
    let fixture = Fixture::new().await;
    let license = fixture.services().license.clone();
    let fresh = tokio::spawn(async move { license.keep_fresh(CancellationToken::new()).await });
    let url = format!("{}/api/license-status", serve(&fixture).await);
    let client = Client::new();
    let reply = client.get(&url).send().await.unwrap();
    assert_eq!(reply.status(), StatusCode::OK);
    let (etag, caching) = (reply.headers()[ETAG].clone(), reply.headers()[CACHE_CONTROL].clone());
    assert_eq!(caching, "public, max-age=5");
    let body: Value = reply.json().await.unwrap();
    assert_eq!((&body["warn"], &body["message"], &body["state"]), (&false.into(), &"".into(), &"ok".into()));
    let again = client.get(&url).header(IF_NONE_MATCH, &etag).send().await.unwrap();
    assert_eq!((again.status(), &again.headers()[ETAG]), (StatusCode::NOT_MODIFIED, &etag));
    assert_eq!(again.bytes().await.unwrap().len(), 0);
    fresh.abort();
}

#[tokio::test]
async fn a_license_status_that_is_not_known_yet_says_so_and_is_kept_by_nobody() {
    let fixture = Fixture::new().await;
    let url = format!("{}/api/license-status", serve(&fixture).await);
    // Nothing reads the facts here, as while the database is being prepared.
    let reply = Client::new().get(&url).header(IF_NONE_MATCH, "*").send().await.unwrap();
    assert_eq!((reply.status(), &reply.headers()[CACHE_CONTROL]), (StatusCode::OK, &"no-store".parse().unwrap()));
    assert_eq!(reply.headers().get(ETAG), None);
    let body: Value = reply.json().await.unwrap();
    let unknown = serde_json::json!({
        "warn": false, "message": "", "state": "unknown", "expires_at": null, "days_until_expiration": null
    });
    assert_eq!(body, unknown);
}

#[tokio::test]
async fn the_license_status_may_be_read_by_configured_origins_alone() {
    let fixture = Fixture::with(&[("TELEMETRY_CORS_ORIGINS", "https://ohe.example")]).await;
    let url = format!("{}/api/license-status", serve(&fixture).await);
    let allowed = async |origin| {
        let reply = Client::new().get(&url).header(ORIGIN, origin).send().await.unwrap();
        reply.headers().get("access-control-allow-origin").map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(allowed("https://ohe.example").await.as_deref(), Some("https://ohe.example"));
    assert_eq!(allowed("https://evil.example").await, None);
}

#[tokio::test]
async fn the_license_status_answers_while_the_database_is_away() {
    let fixture = Fixture::new().await;
    let base = serve(&fixture).await;
    fixture.services().store.pool().close().await;
    let reply = reqwest::get(format!("{base}/api/license-status")).await.unwrap();
    assert_eq!(reply.status(), StatusCode::OK);
    let ready = reqwest::get(format!("{base}/health/ready")).await.unwrap();
    assert_eq!(ready.status(), StatusCode::OK, "the license status can be answered, so the server is ready");
    let live = reqwest::get(format!("{base}/health/live")).await.unwrap();
    assert_eq!(live.status(), StatusCode::OK);
    let page = reqwest::get(format!("{base}/admin")).await.unwrap();
    assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.text().await.unwrap().contains("database"), "the page says what is wrong");
}

#[tokio::test]
async fn every_page_is_drawn_by_the_server_under_a_strict_policy() {
    let fixture = Fixture::new().await;
    fixture.services().collection.run_for_slot(None).await.unwrap();
    let base = serve(&fixture).await;
    let batch = fixture.services().store.recent_batches(1).await.unwrap().remove(0).id;
    for (path, expected) in [
        ("/admin".to_owned(), "Overview"),
        ("/admin/batches".to_owned(), "Batches"),
        (format!("/admin/batches/{batch}"), "total_users"),
        ("/admin/metrics".to_owned(), "active_users_7d"),
        ("/admin/metrics/total_users".to_owned(), "total_users"),
        ("/admin/collectors".to_owned(), "integration_usage"),
    ] {
        let reply = reqwest::get(format!("{base}{path}")).await.unwrap();
        assert_eq!(reply.status(), StatusCode::OK, "{path}");
        let policy = reply.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe-inline"), "{policy}");
        assert_eq!(reply.headers()[CACHE_CONTROL], "no-store", "{path}");
        let html = reply.text().await.unwrap();
        assert!(html.contains(expected), "{path} lacks {expected}");
        assert!(!html.contains(crate::fixture::ADMIN), "{path} shows an e-mail address");
    }
    for path in ["/admin/batches/nonsense", "/admin/metrics/nonsense", "/admin/nonsense"] {
        let reply = reqwest::get(format!("{base}{path}")).await.unwrap();
        assert_eq!(reply.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn the_dashboards_code_in_the_browser_asks_the_same_questions() {
    let fixture = Fixture::new().await;
    fixture.services().collection.run_for_slot(None).await.unwrap();
    let base = serve(&fixture).await;
    for path in ["overview", "batches?page=1", "metrics", "metric-history?key=total_users", "collectors"] {
        let reply = reqwest::get(format!("{base}/admin/api/{path}")).await.unwrap();
        assert_eq!(reply.status(), StatusCode::OK, "{path}");
        let answer: Value = reply.json().await.unwrap();
        assert_eq!(answer["generated_at"], crate::fixture::MONDAY, "{path}");
    }
}

#[tokio::test]
async fn the_dashboard_is_closed_to_other_names_and_to_servers_that_others_can_reach() {
    let fixture = Fixture::new().await;
    let base = serve(&fixture).await;
    let rebound = Client::new().get(format!("{base}/admin")).header(HOST, "evil.example").send().await.unwrap();
    assert_eq!(rebound.status(), StatusCode::SERVICE_UNAVAILABLE);
    let public = Fixture::with(&[("TELEMETRY_BIND", "0.0.0.0:3000")]).await;
    let base = serve(&public).await;
    for path in ["/admin", "/admin/batches", "/admin/api/overview"] {
        let reply = reqwest::get(format!("{base}{path}")).await.unwrap();
        assert_eq!(reply.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(reply.text().await.unwrap().contains("not configured"), "{path}");
    }
    assert_eq!(reqwest::get(format!("{base}/api/license-status")).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn an_argument_that_is_not_understood_is_the_callers_fault_and_says_what_was_expected() {
    let fixture = Fixture::new().await;
    let base = serve(&fixture).await;
    for (call, status, code, said) in [
        ("batches?page=abc", StatusCode::BAD_REQUEST, "malformed", "invalid digit"),
        ("batches?page=1&state=lost", StatusCode::BAD_REQUEST, "malformed", "set_aside"),
        ("batches", StatusCode::BAD_REQUEST, "malformed", "page"),
        ("batch?id=nonsense", StatusCode::NOT_FOUND, "not_found", ""),
        ("metric-history?key=nonsense", StatusCode::NOT_FOUND, "not_found", ""),
    ] {
        let reply = reqwest::get(format!("{base}/admin/api/{call}")).await.unwrap();
        assert_eq!(reply.status(), status, "{call}");
        let error: Value = reply.json().await.unwrap();
        assert_eq!(error["code"], code, "{call}");
        assert!(error["reason"].as_str().unwrap_or_default().contains(said), "{call}: {error}");
    }
}

#[tokio::test]
async fn pages_are_compressed_for_browsers_that_ask_for_it() {
    let fixture = Fixture::new().await;
    let base = serve(&fixture).await;
    for encoding in ["br", "gzip"] {
        let reply =
            Client::new().get(format!("{base}/admin/metrics")).header(ACCEPT_ENCODING, encoding).send().await.unwrap();
        assert_eq!(reply.headers()[CONTENT_ENCODING], encoding);
    }
    let plain = reqwest::get(format!("{base}/admin/metrics")).await.unwrap();
    assert!(plain.headers().get(CONTENT_ENCODING).is_none());
}

#[tokio::test]
async fn every_reply_carries_a_request_id() {
    let fixture = Fixture::new().await;
    let base = serve(&fixture).await;
    let reply = reqwest::get(format!("{base}/health/live")).await.unwrap();
    assert_eq!(reply.headers()["x-request-id"].len(), 36);
}
