//! Answers that go wrong.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use futures::{StreamExt, stream};
use serde_json::json;

use super::connection::{Connection, Cut};
use super::{Fault, RetryAfter};

/// Larger than any client should read.
const HUGE: usize = 8 * 1024 * 1024;

/// The answer that `fault` makes of `answer`, the portal's own. `connection` is None where the simulator's router runs
/// in someone else's server; failures that cut the connection are then answered with a status.
pub(super) async fn play(
    fault: Fault,
    answer: Response,
    connection: Option<Connection>,
    now: DateTime<Utc>,
) -> Response {
    match fault {
        Fault::Status { status, message, retry_after } => status_answer(status, message, retry_after, now),
        Fault::Html => ([(CONTENT_TYPE, "text/html")], PAGE).into_response(),
        Fault::InvalidUtf8 => json_bytes(Bytes::from_static(b"{\"customer\": \"\xff\xfe\"}")),
        Fault::HugeBody => json_bytes(format!("{{\"padding\":\"{}\"}}", "x".repeat(HUGE)).into()),
        Fault::Truncated => half(answer, connection, Cut::Close).await,
        Fault::ResetInBody => half(answer, connection, Cut::Reset).await,
        Fault::Reset => cut(connection, Cut::Reset),
        Fault::Close => cut(connection, Cut::Close),
        Fault::SlowHead { milliseconds } => {
            pause(milliseconds, connection.as_ref()).await;
            answer
        }
        Fault::SlowBody { milliseconds } => drip(answer, milliseconds, connection).await,
        Fault::Hang => match connection {
            Some(connection) => {
                connection.stopped().await;
                cut(Some(connection), Cut::Close)
            }
            None => std::future::pending().await,
        },
        // The token is revoked, or the instance left out, by now; the portal's own answer says so.
        Fault::RevokedToken | Fault::NoInstance => answer,
    }
}

const PAGE: &str = "<!doctype html><title>Sign in</title><h1>Welcome to the guest network</h1>";

fn status_answer(
    status: u16,
    message: Option<String>,
    retry_after: Option<RetryAfter>,
    now: DateTime<Utc>,
) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let message = message.unwrap_or_else(|| status.canonical_reason().unwrap_or("failure").to_lowercase());
    let mut response = (status, axum::Json(json!({"message": message}))).into_response();
    if status.is_redirection() {
        response.headers_mut().insert(LOCATION, HeaderValue::from_static("/elsewhere"));
    }
    let retry_after = retry_after.map(|after| match after {
        RetryAfter::Seconds(seconds) => seconds.to_string(),
        RetryAfter::DateInSeconds(seconds) => {
            httpdate::fmt_http_date((now + chrono::TimeDelta::seconds(seconds.into())).into())
        }
    });
    if let Some(value) = retry_after.and_then(|value| HeaderValue::from_str(&value).ok()) {
        response.headers_mut().insert(RETRY_AFTER, value);
    }
    response
}

fn json_bytes(bytes: Bytes) -> Response {
    ([(CONTENT_TYPE, "application/json")], bytes).into_response()
}

fn cut(connection: Option<Connection>, how: Cut) -> Response {
    if let Some(connection) = connection {
        connection.cut(how);
    }
    StatusCode::BAD_GATEWAY.into_response()
}

async fn pause(milliseconds: u64, connection: Option<&Connection>) {
    let pause = tokio::time::sleep(Duration::from_millis(milliseconds));
    match connection {
        Some(connection) => tokio::select! {
            () = pause => {}
            () = connection.stopped() => {}
        },
        None => pause.await,
    }
}

/// Announces the whole reply, sends half of it, and cuts the connection.
async fn half(answer: Response, connection: Option<Connection>, how: Cut) -> Response {
    let (mut parts, bytes) = whole(answer).await;
    parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    let first = stream::iter([Ok(bytes.slice(..bytes.len() / 2))]);
    let end = stream::once(async move {
        // Gives the server a turn to send the first half.
        tokio::task::yield_now().await;
        if let Some(connection) = connection {
            connection.cut(how);
        }
        Err(io::Error::from(io::ErrorKind::BrokenPipe))
    });
    Response::from_parts(parts, Body::from_stream(first.chain(end)))
}

/// Sends the reply byte by byte.
async fn drip(answer: Response, milliseconds: u64, connection: Option<Connection>) -> Response {
    let (mut parts, bytes) = whole(answer).await;
    parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    let bytes = stream::iter(0..bytes.len()).then(move |index| {
        let (byte, connection) = (bytes.slice(index..=index), connection.clone());
        async move {
            pause(milliseconds, connection.as_ref()).await;
            Ok::<_, Infallible>(byte)
        }
    });
    Response::from_parts(parts, Body::from_stream(bytes))
}

async fn whole(answer: Response) -> (axum::http::response::Parts, Bytes) {
    let (parts, body) = answer.into_parts();
    // The portal's own answers are in memory and small.
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    (parts, bytes)
}
