//! What clients can take up of the web server.

use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::get;
use ohe_telemetry::http::{Limits, serve};
use reqwest::StatusCode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

const GENEROUS: Limits = Limits { connections: 100, head: Duration::from_mins(1), request: Duration::from_mins(1) };

/// A server of three routes: `/`, one that never answers, and one that tells who asks.
async fn start(limits: Limits, shutdown: CancellationToken) -> (String, tokio::task::JoinHandle<()>) {
    let routes = Router::new()
        .route("/", get(async || "hello"))
        .route("/never", get(async || std::future::pending::<()>().await))
        .route("/peer", get(async |ConnectInfo(peer): ConnectInfo<std::net::SocketAddr>| peer.to_string()));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (address, tokio::spawn(serve(listener, routes, limits, shutdown.cancelled_owned())))
}

async fn ask(stream: &mut TcpStream, path: &str) {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
}

/// Reads until the answer's body has arrived.
async fn answer(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    while !text.ends_with("hello") {
        let mut buffer = [0; 1024];
        let read = stream.read(&mut buffer).await.unwrap();
        assert_ne!(read, 0, "the connection ended after {text}");
        text += std::str::from_utf8(&buffer[..read]).unwrap();
    }
    text
}

#[tokio::test]
async fn who_does_not_finish_the_head_of_a_request_is_disconnected() {
    let limits = Limits { head: Duration::from_millis(100), ..GENEROUS };
    let (address, _server) = start(limits, CancellationToken::new()).await;
    let mut half_open = Vec::new();
    for number in 0..50 {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        let begun = &b"GET / HTTP/1.1\r\nHost:"[..number % 20];
        stream.write_all(begun).await.unwrap();
        half_open.push(stream);
    }
    for mut stream in half_open {
        let mut rest = Vec::new();
        // It ends, in an orderly way or not.
        let _ended = stream.read_to_end(&mut rest).await;
        assert!(!String::from_utf8_lossy(&rest).contains("hello"));
    }
    let reply = reqwest::get(format!("http://{address}/")).await.unwrap();
    assert_eq!(reply.text().await.unwrap(), "hello", "and others are answered");
}

#[tokio::test]
async fn a_connection_beyond_the_limit_waits_for_another_to_end() {
    let (address, _server) = start(Limits { connections: 1, ..GENEROUS }, CancellationToken::new()).await;
    let mut first = TcpStream::connect(&address).await.unwrap();
    ask(&mut first, "/").await;
    answer(&mut first).await;
    let mut second = TcpStream::connect(&address).await.unwrap();
    ask(&mut second, "/").await;
    let early = tokio::time::timeout(Duration::from_millis(300), answer(&mut second)).await;
    assert!(early.is_err(), "the first one still takes the only place");
    drop(first);
    assert!(answer(&mut second).await.starts_with("HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_given_up() {
    let limits = Limits { request: Duration::from_millis(50), ..GENEROUS };
    let (address, _server) = start(limits, CancellationToken::new()).await;
    let reply = reqwest::get(format!("http://{address}/never")).await.unwrap();
    assert_eq!(reply.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn handlers_know_who_asks_and_a_shutdown_ends_idle_connections() {
    let shutdown = CancellationToken::new();
    let (address, server) = start(GENEROUS, shutdown.clone()).await;
    let peer = reqwest::get(format!("http://{address}/peer")).await.unwrap().text().await.unwrap();
    assert!(peer.starts_with("127.0.0.1:"), "{peer}");
    let mut idle = TcpStream::connect(&address).await.unwrap();
    ask(&mut idle, "/").await;
    answer(&mut idle).await;
    shutdown.cancel();
    server.await.unwrap();
    assert_eq!(idle.read(&mut [0; 8]).await.unwrap(), 0, "closed by the server");
}
