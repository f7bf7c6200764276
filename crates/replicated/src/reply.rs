//! Reading the vendor's answer.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::delivery::ErrorClass;
use outbound::Route;
use reqwest::Response;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderName, RETRY_AFTER};

use crate::wire::ErrorReply;
use crate::{Error, Reply, redact, retry_after};

/// Bytes of the longest reply that is read. The vendor's are a few hundred.
const LONGEST: usize = 256 * 1024;

/// A 2xx with the text of its body, possibly empty.
pub(crate) type Answer = Reply<String>;

/// What the head of a reply says.
struct Head {
    status: u16,
    vendor_time: Option<DateTime<Utc>>,
    retry_after: Option<Duration>,
    says_html: bool,
}

impl Head {
    fn of(response: &Response, now: DateTime<Utc>) -> Self {
        let text = |name: HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok());
        let vendor_time = text(DATE).and_then(retry_after::http_date);
        Self {
            status: response.status().as_u16(),
            vendor_time,
            retry_after: text(RETRY_AFTER).and_then(|value| retry_after::parse(value, vendor_time.unwrap_or(now))),
            says_html: text(CONTENT_TYPE).is_some_and(|kind| kind.to_ascii_lowercase().contains("html")),
        }
    }

    fn error(&self, class: ErrorClass, message: String) -> Error {
        Error {
            http_status: Some(self.status),
            retry_after: self.retry_after,
            vendor_time: self.vendor_time,
            ..Error::new(class, message)
        }
    }
}

/// A body as far as it could be read.
enum Body {
    Whole(Vec<u8>),
    TooLarge,
    Broken(reqwest::Error),
}

/// Reads `response`; `failed` says what a broken connection means.
///
/// A 2xx counts only with its whole body, and not as a web page: that is what a proxy or a captive portal answers in the
/// vendor's place. Sending again is harmless, since a set replaces the one before it; a batch wrongly taken for
/// delivered is lost.
pub(crate) async fn read(
    response: Response,
    now: DateTime<Utc>,
    secrets: &[&str],
    route: &Route,
    failed: impl FnOnce(reqwest::Error) -> Error,
) -> Result<Answer, Error> {
    let head = Head::of(&response, now);
    let success = response.status().is_success();
    let body = body(response).await;
    if !success {
        return Err(refusal(&head, &body, secrets, route));
    }
    let body = match body {
        Body::Whole(body) => body,
        Body::TooLarge => {
            let limit = LONGEST / 1024;
            return Err(head.error(ErrorClass::BadReply, format!("The reply is larger than {limit} KiB. {FOREIGN}")));
        }
        Body::Broken(error) => {
            let error = failed(error);
            let Error { class, message, source, .. } = error;
            return Err(Error { source, ..head.error(class, message) });
        }
    };
    if is_html(&head, &body) {
        return Err(
            head.error(ErrorClass::BadReply, format!("A web page came back instead of the vendor's reply. {FOREIGN}"))
        );
    }
    match String::from_utf8(body) {
        Ok(value) => Ok(Reply { value, http_status: head.status, vendor_time: head.vendor_time }),
        Err(_) => Err(head.error(ErrorClass::BadReply, format!("The reply is not UTF-8 text. {FOREIGN}"))),
    }
}

const FOREIGN: &str =
    "Something between here and the vendor (a proxy, a firewall, a captive portal) may have answered in its place.";

async fn body(mut response: Response) -> Body {
    let mut whole = Vec::new();
    loop {
        match response.chunk().await {
            Ok(None) => return Body::Whole(whole),
            Ok(Some(chunk)) if whole.len() + chunk.len() > LONGEST => return Body::TooLarge,
            Ok(Some(chunk)) => whole.extend_from_slice(&chunk),
            Err(error) => return Body::Broken(error),
        }
    }
}

fn is_html(head: &Head, body: &[u8]) -> bool {
    head.says_html || body.trim_ascii_start().starts_with(b"<")
}

/// The error of a status that is no success. The status alone decides the class, whatever became of the body.
fn refusal(head: &Head, body: &Body, secrets: &[&str], route: &Route) -> Error {
    let class = match head.status {
        // Only a proxy says this, never the vendor.
        407 => ErrorClass::Proxy,
        status => ErrorClass::of_status(status),
    };
    let advice = match class {
        ErrorClass::Auth if head.status == 401 => "does not accept the key or token",
        ErrorClass::Auth => "refuses this install; its license may have ended",
        ErrorClass::Rejected => "refused the request for its content",
        ErrorClass::RateLimited => "asks to send less often",
        ErrorClass::Vendor => "has a failure of its own; it usually passes",
        ErrorClass::Timeout => "waited too long for the request",
        ErrorClass::Proxy => {
            let proxy = route.proxy.as_deref().unwrap_or("on the way");
            return head.error(class, format!("HTTP 407: the proxy {proxy} asks for a user name and password."));
        }
        _ if (300..400).contains(&head.status) => {
            return head.error(class, format!("HTTP {}: a redirect, which is not followed with credentials. Check the vendor's base URL. {FOREIGN}", head.status));
        }
        _ => "gave an answer that the protocol does not know",
    };
    let said = match body {
        Body::Whole(body) if is_html(head, body) => format!(" (a web page, not the vendor's own reply). {FOREIGN}"),
        Body::Whole(body) => said(body, secrets),
        Body::TooLarge | Body::Broken(_) => ".".to_owned(),
    };
    head.error(class, format!("HTTP {}: the vendor {advice}{said}", head.status))
}

/// The vendor's own words, where it has some.
fn said(body: &[u8], secrets: &[&str]) -> String {
    let reply: ErrorReply = serde_json::from_slice(body).unwrap_or_default();
    match reply.message.or(reply.error).map(|text| redact::excerpt(&text, secrets)) {
        Some(text) if !text.is_empty() => format!(". It says: {text}"),
        _ => ".".to_owned(),
    }
}
