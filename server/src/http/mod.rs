//! HTTP: the public license status, health, and the dashboard. Handlers are a few lines over a service.

mod access;
mod assets;
mod banner;
mod dashboard;
mod etag;
mod health;
mod license_status;
mod listener;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, Request, header};
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, RequestId, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::{DefaultOnFailure, TraceLayer};
use tracing::{Level, info_span};

use crate::install::Install;
use crate::services::LicenseService;

pub use access::Access;
pub use listener::{Limits, serve};

/// Finds the log lines of a request; also sent with each reply.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// All routes of the server.
pub fn router(install: Arc<Install>, access: &Access) -> Router {
    let public = license_status(install.services.license.clone(), access);
    let health = Router::new().route("/health/live", get(health::live)).route("/health/ready", get(health::ready));
    let traced = health
        .merge(dashboard::router(install, access))
        .merge(for_origins(banner::router(), access))
        .layer(CatchPanicLayer::new())
        .layer(TraceLayer::new_for_http().make_span_with(span).on_failure(failed()))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid));
    let no_sniffing = HeaderValue::from_static("nosniff");
    traced.layer(SetResponseHeaderLayer::if_not_present(header::X_CONTENT_TYPE_OPTIONS, no_sniffing)).merge(public)
}

/// The route of the license status. Every open tab of OHE polls it, so it goes without span and request id.
pub fn license_status(license: LicenseService, access: &Access) -> Router {
    let route = Router::new().route("/api/license-status", get(license_status::license_status)).with_state(license);
    for_origins(route, access)
}

/// Lets pages of the configured origins read what `routes` answer.
fn for_origins(routes: Router, access: &Access) -> Router {
    if access.cors_origins.is_empty() { routes } else { routes.layer(cors(&access.cors_origins)) }
}

/// No cookie goes along.
fn cors(origins: &[String]) -> CorsLayer {
    let origins = origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()).collect::<Vec<_>>();
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([axum::http::Method::GET])
        .allow_headers([header::IF_NONE_MATCH])
        .expose_headers([header::ETAG])
}

/// A cause is logged where it is met, once, and a refusal (503 without a login, an answer that took too long) is none: anyone
/// could fill the log with them.
fn failed() -> DefaultOnFailure {
    DefaultOnFailure::new().level(Level::DEBUG)
}

/// The span of a request: never its query, which may hold what nobody wants in a log.
fn span<B>(request: &Request<B>) -> tracing::Span {
    let id = request.extensions().get::<RequestId>().and_then(|id| id.header_value().to_str().ok()).unwrap_or_default();
    info_span!("request", method = %request.method(), path = request.uri().path(), request_id = id)
}
