//! Accepting connections: at most so many at a time, and none for ever that does not get on.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::ServiceExt as _;
use tower_http::timeout::TimeoutLayer;
use tracing::{debug, warn};

use crate::config::WebConfig;

/// The head of a request is a few hundred bytes; who does not send it within this time does not mean to.
const HEAD: Duration = Duration::from_secs(15);
/// Longer than any page takes, the database's own time limits included.
const REQUEST: Duration = Duration::from_secs(30);
/// The wait after an error of the listener itself, most often because the process has no file descriptors left.
const AFTER_ERROR: Duration = Duration::from_secs(1);

/// What clients may take up.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at a time. A further one waits in the listener's own queue until another ends.
    pub connections: usize,
    /// How long the head of a request may take to arrive, and how long a connection may idle between two requests.
    pub head: Duration,
    /// How long an answer may take; then it is 503.
    pub request: Duration,
}

impl Limits {
    /// As configured.
    pub fn of(config: &WebConfig) -> Self {
        Self { connections: config.max_connections, head: HEAD, request: REQUEST }
    }
}

/// Answers with `routes` until `shutdown`, and then finishes the requests that are under way.
pub async fn serve(listener: TcpListener, routes: Router, limits: Limits, shutdown: impl Future<Output = ()>) {
    let routes = routes.layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, limits.request));
    let places = Arc::new(Semaphore::new(limits.connections));
    let connections = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let (stream, peer, place) = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = &mut shutdown => break,
        };
        // A reply is small, and complete when it is written: waiting for more to send with it would only delay it.
        let _ignored = stream.set_nodelay(true);
        let service = routes.clone().map_request(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            request
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                debug!(%error, "a connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    connections.shutdown().await;
}

/// The next connection, as soon as there is a place for it.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed; if it were, connections would go unlimited rather than unanswered.
    let place = Arc::clone(places).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, place),
            Err(error) if is_of_the_client(&error) => debug!(%error, "a connection ended before it was accepted"),
            Err(error) => {
                warn!(%error, "no connection can be accepted; trying again in {AFTER_ERROR:?}");
                tokio::time::sleep(AFTER_ERROR).await;
            }
        }
    }
}

fn is_of_the_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
