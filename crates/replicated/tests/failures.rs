//! Every class of failure, over real sockets, with the message that an administrator reads.

#![expect(clippy::unwrap_used, reason = "a test ends at its first surprise, and so do the functions it shares")]

mod support;

use std::time::Duration;

use domain::delivery::ErrorClass;
use replicated::simulator::{Fault, RetryAfter};
use replicated::{Client, Error, Settings, Timeouts};
use support::{
    Vendor, client, client_with, closed_port, email, impatient, metrics, raw_server, set, settings, silent_server,
    stranger,
};

/// Registers against `client`, which must fail.
async fn failure(client: &Client) -> Error {
    client.register_customer(&email()).await.unwrap_err()
}

fn status(status: u16) -> Fault {
    Fault::Status { status, message: None, retry_after: None }
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_dns() {
    let error = failure(&client("https://vendor.invalid")).await;
    assert_eq!((error.class, error.http_status), (ErrorClass::Dns, None));
    assert!(error.message.contains("vendor.invalid:443 did not resolve"), "{error}");
}

#[tokio::test]
async fn a_closed_port_is_connect() {
    let error = failure(&client(&format!("http://{}", closed_port().await))).await;
    assert_eq!((error.class, error.http_status), (ErrorClass::Connect, None));
    assert!(error.message.contains("(connection refused)"), "{error}");
}

#[tokio::test]
async fn no_connection_in_time_is_timeout() {
    // The handshake never ends, so the connection never stands.
    let settings = Settings {
        timeouts: Timeouts { connect: Duration::from_millis(300), total: Duration::from_mins(1) },
        ..settings(&format!("https://{}", silent_server().await))
    };
    let error = failure(&client_with(&settings)).await;
    assert_eq!(error.class, ErrorClass::Timeout);
    assert!(error.message.contains("No connection") && error.message.contains("within 0.3 s"), "{error}");
}

#[tokio::test]
async fn the_class_tells_what_went_wrong() {
    use ErrorClass::{Auth, BadReply, Connect, RateLimited, Rejected, Timeout, Vendor as VendorFailed};
    let hour = 3_600_000;
    for (fault, class, http_status, words) in [
        (Fault::SlowHead { milliseconds: hour }, Timeout, None, "No complete answer"),
        (Fault::Hang, Timeout, None, "within 2 s"),
        (Fault::Reset, Connect, None, "broke"),
        (Fault::Close, Connect, None, "closed the connection without an answer"),
        (Fault::Html, BadReply, Some(200), "A web page came back"),
        (Fault::InvalidUtf8, BadReply, Some(200), "not UTF-8"),
        (Fault::HugeBody, BadReply, Some(200), "larger than 256 KiB"),
        (status(200), BadReply, Some(200), "JSON with customer.id was expected"),
        (status(301), BadReply, Some(301), "a redirect, which is not followed"),
        (status(308), BadReply, Some(308), "a redirect, which is not followed"),
        (status(400), Rejected, Some(400), "refused the request for its content. It says: bad request"),
        (status(401), Auth, Some(401), "does not accept the key or token. It says: unauthorized"),
        (status(403), Auth, Some(403), "its license may have ended"),
        (status(404), Rejected, Some(404), "HTTP 404"),
        (status(407), ErrorClass::Proxy, Some(407), "asks for a user name and password"),
        (status(408), Timeout, Some(408), "HTTP 408"),
        (status(422), Rejected, Some(422), "HTTP 422"),
        (status(429), RateLimited, Some(429), "send less often"),
        (status(500), VendorFailed, Some(500), "has a failure of its own"),
        (status(503), VendorFailed, Some(503), "HTTP 503"),
    ] {
        let vendor = Vendor::start().await;
        vendor.simulator.fail(fault.clone().into());
        let waits = matches!(fault, Fault::SlowHead { .. } | Fault::Hang);
        let error = failure(&if waits { impatient(&vendor.url) } else { client(&vendor.url) }).await;
        assert_eq!((error.class, error.http_status), (class, http_status), "{fault:?}: {error}");
        assert!(error.message.contains(words), "{fault:?}: {error}");
        assert_eq!(vendor.simulator.snapshot().counts.requests, 1, "{fault:?}: nothing is retried or followed");
    }
}

#[tokio::test]
async fn a_reply_that_drips_or_breaks_off_is_no_success() {
    for (fault, class, words) in [
        (Fault::SlowBody { milliseconds: 3_600_000 }, ErrorClass::Timeout, "No complete answer"),
        (Fault::Truncated, ErrorClass::BadReply, "broke off before its end"),
    ] {
        let vendor = Vendor::start().await;
        vendor.simulator.fail(fault.clone().into());
        let slow = matches!(fault, Fault::SlowBody { .. });
        let error = failure(&if slow { impatient(&vendor.url) } else { client(&vendor.url) }).await;
        assert_eq!((error.class, error.http_status), (class, Some(200)), "{fault:?}: {error}");
        assert!(error.message.contains(words), "{fault:?}: {error}");
        assert_eq!(vendor.simulator.snapshot().customers.len(), 1, "{fault:?}: the vendor did its part");
    }
    let vendor = Vendor::start().await;
    vendor.simulator.fail(Fault::ResetInBody.into());
    let error = failure(&client(&vendor.url)).await;
    assert_eq!(error.class, ErrorClass::Connect, "{error}");
}

#[tokio::test]
async fn a_refusal_stays_what_it_is_whatever_becomes_of_its_body() {
    let vendor = Vendor::start().await;
    vendor.simulator.fail(Fault::SlowBody { milliseconds: 3_600_000 }.into());
    let error = impatient(&vendor.url).send_metrics(&stranger(), &metrics()).await.unwrap_err();
    assert_eq!((error.class, error.http_status), (ErrorClass::Auth, Some(401)), "{error}");

    let page = "HTTP/1.1 503 Unavailable\r\nContent-Length: 26\r\n\r\n<h1>Ask proxy@corp.x</h1> ";
    let error = failure(&client(&format!("http://{}", raw_server(page).await))).await;
    assert_eq!((error.class, error.http_status), (ErrorClass::Vendor, Some(503)));
    assert!(error.message.contains("(a web page, not the vendor's own reply)"), "{error}");
    assert!(!error.message.contains("corp.x"), "{error}");
}

#[tokio::test]
async fn what_is_not_http_is_a_bad_reply() {
    for (reply, words) in [
        ("SSH-2.0-OpenSSH_9.2\r\n", "is not HTTP"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n", "not HTTP"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}", "broke off"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"cus", "broke off"),
    ] {
        let error = failure(&client(&format!("http://{}", raw_server(reply).await))).await;
        assert_eq!(error.class, ErrorClass::BadReply, "{reply:?}: {error}");
        assert!(error.message.contains(words), "{reply:?}: {error}");
    }
}

#[tokio::test]
async fn any_text_of_a_2xx_is_success_where_the_reply_is_not_used() {
    for reply in [
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nnot json",
        "HTTP/1.1 200 OK\r\n\r\nuntil the end",
    ] {
        let client = client(&format!("http://{}", raw_server(reply).await));
        client.send_metrics(&stranger(), &metrics()).await.unwrap();
    }
    let page = "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n <html></html>";
    let client = client(&format!("http://{}", raw_server(page).await));
    let error = client.send_metrics(&stranger(), &metrics()).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::BadReply, "a portal's page has taken the batch, not the vendor");
}

#[tokio::test]
async fn retry_after_is_read_in_both_forms_against_the_vendors_clock() {
    // The vendor's clock stands at noon of some day in 2026; ours is right. Only the difference may count.
    for (retry_after, seconds) in
        [(Some(RetryAfter::Seconds(120)), Some(120)), (Some(RetryAfter::DateInSeconds(90)), Some(90)), (None, None)]
    {
        let vendor = Vendor::start().await;
        vendor.simulator.fail(Fault::Status { status: 503, message: None, retry_after }.into());
        let error = failure(&client(&vendor.url)).await;
        assert_eq!(error.retry_after, seconds.map(Duration::from_secs), "{retry_after:?}");
        assert_eq!(error.vendor_time, Some(support::noon()));
    }
}

#[tokio::test]
async fn a_retry_date_without_the_vendors_clock_counts_from_ours() {
    let reply = "HTTP/1.1 429 Slow\r\nRetry-After: Sun, 01 Mar 2026 12:01:00 GMT\r\nContent-Length: 0\r\n\r\n";
    let clock = std::sync::Arc::new(domain::clock::ManualClock::new(support::noon()));
    let client = Client::new(&settings(&format!("http://{}", raw_server(reply).await)), clock).unwrap();
    let error = failure(&client).await;
    assert_eq!((error.retry_after, error.vendor_time), (Some(Duration::from_mins(1)), None));
}

#[tokio::test]
async fn a_set_that_the_vendor_cannot_take_is_refused_before_it_is_sent() {
    let vendor = Vendor::start().await;
    let client = client(&vendor.url);
    for metrics in
        [set(&serde_json::json!({})), set(&serde_json::json!({"a": null})), set(&serde_json::json!({"a": []}))]
    {
        let error = client.send_metrics(&stranger(), &metrics).await.unwrap_err();
        assert_eq!((error.class, error.http_status), (ErrorClass::Rejected, None));
    }
    assert_eq!(vendor.simulator.snapshot().counts.requests, 0);
}

#[tokio::test]
async fn no_error_and_no_debug_output_tells_a_secret() {
    let token = "svc-token-0123456789abcdef0123";
    let echo = format!("customer ada.admin@CORP.example with {token} and {} is unknown", support::KEY);
    let vendor = Vendor::start().await;
    vendor.simulator.fail(Fault::Status { status: 400, message: Some(echo), retry_after: None }.into());
    let client = client(&vendor.url);
    let identity = stranger();
    let errors = [failure(&client).await, client.send_metrics(&identity, &metrics()).await.unwrap_err()];
    let mut texts = vec![format!("{client:?} {identity:?} {:?}", settings(&vendor.url))];
    texts.extend(errors.iter().map(|error| format!("{error} {error:?}")));
    assert!(errors[0].message.contains("It says: customer [masked] with [masked] and [masked] is unknown"));
    for text in texts {
        for secret in [token, support::KEY, "corp.example"] {
            assert!(!text.to_lowercase().contains(&secret.to_lowercase()), "{secret} in {text}");
        }
    }
}

#[test]
fn settings_that_cannot_work_are_refused_with_their_name() {
    let clock = || std::sync::Arc::new(domain::clock::SystemClock);
    for (base, words) in [
        ("ftp://replicated.app", "base URL"),
        ("https://user:hunter2@replicated.app", "base URL"),
        ("https://replicated.app?x=1", "base URL"),
        ("data:text/plain,x", "base URL"),
    ] {
        let error = Client::new(&settings(base), clock()).unwrap_err().to_string();
        assert!(error.contains(words) && !error.contains("hunter2"), "{error}");
    }
    for key in ["", "two words", "new\nline"] {
        let settings = Settings { publishable_key: key.into(), ..settings("https://replicated.app") };
        assert!(Client::new(&settings, clock()).unwrap_err().to_string().contains("publishable key"));
    }
}
