//! Every page as the server sends it, in each of its states.

use app::Assets;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::fixtures::{self, Page, Story, waiting_batch_id};

const PATHS: [(&str, &str); 6] = [
    ("/admin", "Overview"),
    ("/admin/batches", "Batches"),
    ("/admin/batches/:waiting", "Batch of 2026-03-22"),
    ("/admin/metrics", "Metrics"),
    ("/admin/metrics/active_users_7d", "active_users_7d"),
    ("/admin/collectors", "Collectors"),
];

fn page(story: Story, path: &str) -> Page {
    let assets = Assets {
        css: "/admin/assets/admin.1.css".into(),
        js: "/admin/assets/admin.2.js".into(),
        wasm: "/admin/assets/admin.3.wasm".into(),
    };
    fixtures::draw(story, &path.replace(":waiting", &waiting_batch_id()), &assets)
}

/// What a reader sees: the body without its scripts and tags, white space collapsed.
fn text(page: &Page) -> String {
    let body = page.html.split("<body>").nth(1).expect("a body");
    let without_scripts: String =
        body.split("<script").map(|part| part.split_once("</script>").map_or(part, |(_, after)| after)).collect();
    let mut text = String::new();
    for part in without_scripts.split('<') {
        text.push(' ');
        text.push_str(part.split_once('>').map_or(part, |(_, after)| after));
    }
    let plain = text.replace("&quot;", "\"").replace("&#x27;", "'").replace("&lt;", "<").replace("&amp;", "&");
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn count(page: &Page, part: &str) -> usize {
    page.html.matches(part).count()
}

#[test]
fn every_page_has_a_title_one_heading_and_the_way_to_the_others() {
    for (path, title) in PATHS {
        let page = page(Story::Failing, path);
        assert_eq!(page.status, 200, "{path}");
        assert!(page.html.contains(&format!("<title>{title} · OHE Telemetry</title>")), "{path}: {}", page.html);
        assert_eq!(count(&page, "<h1"), 1, "{path}");
        assert_eq!(count(&page, "<main"), 1, "{path}");
        assert_eq!(count(&page, "aria-current=\"page\""), 1, "{path}");
        assert!(page.html.contains("href=\"#content\""), "{path}: a skip link");
    }
}

#[test]
fn pages_obey_a_strict_content_security_policy() {
    for (path, _) in PATHS {
        let page = page(Story::Failing, path);
        assert_eq!(count(&page, " style="), 0, "{path}: no inline styles");
        assert_eq!(count(&page, "<style"), 0, "{path}");
        assert_eq!(count(&page, " onclick="), 0, "{path}");
        assert_eq!(
            count(&page, "<script"),
            count(&page, "<script type=\"module\" nonce=") + count(&page, "<script nonce="),
            "{path}"
        );
    }
}

#[test]
fn the_document_names_the_built_files() {
    let page = page(Story::Healthy, "/admin");
    assert!(page.html.starts_with("<!DOCTYPE html><html lang=\"en\">"));
    assert!(page.html.contains(r#"<link rel="stylesheet" href="/admin/assets/admin.1.css">"#));
    assert!(page.html.contains(r#"import("/admin/assets/admin.2.js")"#));
    assert!(page.html.contains(r#"module_or_path: "/admin/assets/admin.3.wasm""#));
}

#[test]
fn a_clock_that_is_off_is_said_with_by_how_much() {
    let said = "The database's clock is 12 min 34 s behind this server's";
    assert!(text(&page(Story::Expired, "/admin")).contains(said));
    assert!(!text(&page(Story::Healthy, "/admin")).contains("'s clock is"));
}

#[test]
fn an_absent_database_is_said_with_what_to_do() {
    for (path, _) in PATHS {
        let page = page(Story::DatabaseAway, path);
        assert_eq!(page.status, 503, "{path}");
        assert_eq!(count(&page, "<h1"), 1, "{path}");
        let text = text(&page);
        assert!(text.contains("The database cannot be reached"), "{path}: {text}");
        assert!(text.contains("DATABASE_URL") && text.contains("Try again"), "{path}: {text}");
    }
}

#[test]
fn a_failure_shows_its_request_id_and_no_cause() {
    for (path, _) in PATHS {
        let page = page(Story::Broken, path);
        assert_eq!(page.status, 500, "{path}");
        assert!(text(&page).contains("Request id: req-5f3c1a"), "{path}");
    }
}

#[test]
fn what_is_not_there_is_not_found() {
    for path in ["/admin/nowhere", "/admin/batches/none", "/admin/metrics/none", "/admin/batches/none/such"] {
        let page = page(Story::Healthy, path);
        assert_eq!(page.status, 404, "{path}");
        assert!(text(&page).contains("There is nothing at this address"), "{path}");
        assert!(!text(&page).contains("Try again"), "{path}: trying again would not help");
    }
}

#[test]
fn an_address_never_becomes_markup() {
    for path in [
        "/admin/%3Cscript%3Ealert(1)%3C/script%3E",
        "/admin/batches/%3Cscript%3Ealert(1)%3C",
        "/admin/metrics/%3Cscript%3Ealert(1)%3C",
        "/admin/metrics?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
        "/admin/batches?state=%3Cscript%3Ealert(1)%3C/script%3E",
    ] {
        assert!(!page(Story::Healthy, path).html.contains("<script>alert"), "{path}");
    }
}

#[test]
fn a_new_install_says_what_will_happen() {
    for (path, said) in [
        ("/admin", "Not registered yet. That happens by itself within 3 minutes"),
        ("/admin", "Nothing collected yet"),
        ("/admin", "Next in 3 minutes"),
        ("/admin", "The first delivery follows the first collection."),
        ("/admin/batches", "No batch yet"),
        ("/admin/metrics", "No batch was collected yet, so there are no values."),
        ("/admin/metrics/active_users_7d", "The chart begins with the first batch."),
        ("/admin/collectors", "Did not run yet. It declares 6 metrics ."),
    ] {
        let page = page(Story::Fresh, path);
        assert_eq!(page.status, 200, "{path}");
        let text = text(&page);
        assert!(text.contains(said), "{path}: {text}");
    }
}

#[test]
fn the_overview_says_why_users_are_warned_and_what_they_see() {
    let text = text(&page(Story::Failing, "/admin"));
    for said in [
        "License Expiring",
        "Nothing was delivered for more than 4 days while batches wait.",
        "Oldest waiting batch 9 days ago 2026-03-15 02:07 UTC",
        "The license expires in 25 days 2026-04-18 02:07 UTC",
        "Your OpenHands Enterprise license will expire in 25 days.",
        "Last delivery 16 days ago 2026-03-08 03:08 UTC",
        "2 batches",
        "Timed out connection to replicated.app:443 timed out no reply 10.0 s",
        "cust_2qRkZ8vX1mPb7Yd",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
}

#[test]
fn a_healthy_install_shows_no_banner() {
    let text = text(&page(Story::Healthy, "/admin"));
    assert!(text.contains("License OK Everything is delivered"), "{text}");
    assert!(text.contains("No banner. OpenHands looks as always."), "{text}");
}

#[test]
fn batches_are_listed_by_page_and_state() {
    let first = page(Story::Failing, "/admin/batches");
    assert_eq!(count(&first, "<th scope=\"row\""), 25);
    assert!(text(&first).contains("All 30 Pending 2 Delivered 27 Set aside 1"));
    assert!(text(&first).contains("1–25 of 30"));
    assert!(first.html.contains("href=\"/admin/batches?page=2\"") && count(&first, "rel=\"prev\"") == 0);

    let second = page(Story::Failing, "/admin/batches?page=2");
    assert_eq!(count(&second, "<th scope=\"row\""), 5);
    assert!(text(&second).contains("26–30 of 30"));
    assert!(second.html.contains("rel=\"prev\"") && count(&second, "rel=\"next\"") == 0);

    let set_aside = page(Story::Failing, "/admin/batches?state=set_aside");
    assert_eq!(count(&set_aside, "<th scope=\"row\""), 1);
    assert!(text(&set_aside).contains("HTTP 422: only scalar values are allowed"));

    assert!(text(&page(Story::Failing, "/admin/batches?page=9")).contains("This page is beyond the last"));
    assert!(text(&page(Story::Healthy, "/admin/batches?state=pending")).contains("No batch waits"));
}

#[test]
fn a_batch_shows_exactly_what_is_sent() {
    let page = page(Story::Failing, "/admin/batches/:waiting");
    let text = text(&page);
    assert!(text.contains(r#""data" : { "active_users_7d" : 204 ,"#), "{text}");
    let start = "data:application/json;base64,";
    let from = page.html.find(start).expect("a download") + start.len();
    let encoded = page.html[from..].split('"').next().unwrap();
    let sent: serde_json::Value = serde_json::from_slice(&STANDARD.decode(encoded).unwrap()).unwrap();
    assert_eq!(sent["data"]["active_users_7d"], 204);
    assert_eq!(sent["data"].as_object().unwrap().len(), 22);
    assert!(page.html.contains("download=\"batch-2026-03-22.json\""));
}

#[test]
fn a_batch_shows_its_collectors_and_every_attempt() {
    let text = text(&page(Story::Failing, "/admin/batches/:waiting"));
    for said in [
        "conversation_metrics OK 6 27 ms",
        "integration_usage OK This release of OHE does not record this. 1 metric missing Metrics linear_workspaces_active",
        "OpenHands' database generation orgs, revision 173; answers 104 of 115 metrics",
        "Name not resolved no address for the name replicated.app no reply 14 ms",
        "Rate limited HTTP 429, retry after 120 s 429 72 ms",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
}

#[test]
fn metrics_are_found_without_javascript() {
    let all = page(Story::Healthy, "/admin/metrics");
    assert_eq!(count(&all, "<th scope=\"row\""), 22);
    assert!(text(&all).contains("total_users Different users with settings. int 4,984 users"), "{}", text(&all));
    let found = page(Story::Healthy, "/admin/metrics?q=cost");
    assert_eq!(count(&found, "<th scope=\"row\""), 1);
    assert!(found.html.contains("value=\"cost\""));
    assert!(text(&page(Story::Healthy, "/admin/metrics?q=nonsense")).contains("No metric matches"));
}

#[test]
fn a_chart_is_drawn_and_its_values_are_in_a_table() {
    let page = page(Story::Healthy, "/admin/metrics/agent_work_seconds_30d");
    assert_eq!(count(&page, "class=\"chart__line\""), 1);
    assert_eq!(count(&page, "class=\"chart__band\""), 29, "one for each value there is");
    assert_eq!(count(&page, "<th scope=\"row\""), 30, "one for each batch");
    let text = text(&page);
    assert!(text.contains("2025-12-07 02:07 UTC not available"), "the collector failed then: {text}");
    assert!(text.contains("0 1M 2M 3M"), "{text}");
    assert!(text.contains("Sep 2025 Nov Jan 2026 Mar"), "{text}");
}

#[test]
fn collectors_say_what_they_read_and_how_they_fared() {
    let text = text(&page(Story::Failing, "/admin/collectors"));
    for said in [
        "performance_metrics Error canceling statement due to statement timeout",
        "Took 30.0 s Metrics 0 of 4",
        "user_settings accepted_tos, email, keycloak_user_id",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
}

#[test]
fn the_same_request_is_always_drawn_the_same() {
    let nonce = |page: Page| {
        let nonce = page.html.split("nonce=\"").nth(1).and_then(|part| part.split('"').next()).unwrap().to_owned();
        page.html.replace(&nonce, "")
    };
    for (path, _) in PATHS {
        assert_eq!(nonce(page(Story::Failing, path)), nonce(page(Story::Failing, path)), "{path}");
    }
}
