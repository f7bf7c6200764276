//! The simulator's page: what people see, and the switchboard of failures.

#![expect(clippy::unwrap_used, reason = "a test ends at its first surprise, and so do the functions it shares")]

mod support;

use chrono::TimeDelta;
use reqwest::StatusCode;
use serde_json::json;
use support::{CLUSTER, Vendor, client, set};

#[tokio::test]
async fn the_page_starts_empty_and_shows_what_the_vendor_sees() {
    let vendor = Vendor::start().await;
    let page = support::page(&vendor.url).await;
    assert!(page.contains("No customer has registered yet"), "{page}");
    assert!(page.contains(&format!("REPLICATED_BASE_URL={}", vendor.url)), "{page}");

    let client = client(&vendor.url);
    let identity = client.register(&"<b>@corp.example".into(), CLUSTER).await.unwrap().value;
    client.send_metrics(&identity, &set(&json!({"users": 42, "note": "<script>"}))).await.unwrap();
    vendor.clock.advance(TimeDelta::minutes(5));
    let page = support::page(&format!("{}/?refresh=5", vendor.url)).await;
    for part in [
        "&lt;***@corp.example",
        "5 min ago",
        "2026-03-01 12:00:00 UTC",
        "<code>users</code>",
        ">42<",
        "&lt;script&gt;",
        "POST /application/custom-metrics",
        "http-equiv=\"refresh\" content=\"5\"",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert!(!page.contains("<script"), "the page works without scripts, and runs nobody's");
}

#[tokio::test]
async fn the_pages_form_plays_every_failure_that_it_offers() {
    let vendor = Vendor::start().await;
    let page = support::page(&vendor.url).await;
    let form = page.split("name=\"fault\"").nth(1).unwrap().split("</select>").next().unwrap();
    let offered: Vec<&str> = form.split("value=\"").skip(1).map(|option| option.split('"').next().unwrap()).collect();
    assert_eq!(offered.len(), 20);
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let choose = async |fault: &str, endpoint: &str| {
        let body = format!("fault={fault}&endpoint={endpoint}&when=once");
        let form = ("Content-Type", "application/x-www-form-urlencoded");
        let url = format!("{}/simulator/failures", vendor.url);
        http.post(url).header(form.0, form.1).body(body).send().await.unwrap().status()
    };
    for fault in &offered {
        assert_eq!(choose(fault, "metrics").await, StatusCode::SEE_OTHER, "{fault}");
    }
    assert_eq!(choose("sunspots", "").await, StatusCode::BAD_REQUEST);
    assert_eq!(choose("hang", "elsewhere").await, StatusCode::BAD_REQUEST);
    assert_eq!(vendor.simulator.snapshot().script.len(), offered.len());
    assert!(support::page(&vendor.url).await.contains("20 in force"));
    http.post(format!("{}/simulator/failures/heal", vendor.url)).send().await.unwrap();
    assert!(support::page(&vendor.url).await.contains("none in force"));
}
