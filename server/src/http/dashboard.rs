//! The dashboard: Leptos' pages and server functions behind [`guard`], with a strict Content-Security-Policy.

use std::sync::{Arc, Mutex, PoisonError};

use any_spawner::Executor;
use app::error::DashboardError;
use app::{ResponseStatus, SamplePage, shell};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use leptos::nonce::Nonce;
use leptos::prelude::{provide_context, use_context};
use leptos_axum::{handle_server_fns_with_context, render_app_async_with_context};
use tower_http::compression::CompressionLayer;
use tower_http::request_id::RequestId;

use super::access::{Access, guard};
use super::assets;
use crate::install::Install;
use crate::ui;

/// An error is a line of JSON.
const LARGEST_ERROR: usize = 64 * 1024;

/// The routes below `/admin`.
pub(super) fn router(install: Arc<Install>, access: &Access) -> Router {
    // Leptos spawns on an executor of the whole process; it is there already where another router was made before.
    let _set_before = Executor::init_tokio();
    let guarded = Router::new()
        .route("/admin/api/{function}", get(server_function))
        .route("/admin", get(page))
        .route("/admin/{*path}", get(page))
        .with_state(install)
        .layer(CompressionLayer::new())
        .layer(from_fn(no_store))
        .layer(from_fn_with_state(access.clone(), guard));
    // The files hold nothing of this install.
    Router::new()
        .route("/", get(async || Redirect::temporary("/admin")))
        .route("/admin/", get(async || Redirect::permanent("/admin")))
        .route("/admin/assets/{file}", get(assets::file))
        .merge(guarded)
}

/// Answers a call of the dashboard's own code in the browser.
async fn server_function(State(install): State<Arc<Install>>, request: Request) -> Response {
    let backend = ui::backend(install, request_id(&request));
    let reply =
        handle_server_fns_with_context(move || provide_context(Arc::clone(&backend)), request).await.into_response();
    if reply.status() == StatusCode::INTERNAL_SERVER_ERROR { with_status_of_error(reply).await } else { reply }
}

/// Leptos answers every error with 500. The status that the error itself has tells a client's fault from the server's.
async fn with_status_of_error(reply: Response) -> Response {
    let (mut head, body) = reply.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_ERROR).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    if let Ok(error) = serde_json::from_slice::<DashboardError>(&body) {
        head.status = StatusCode::from_u16(error.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    }
    Response::from_parts(head, Body::from(body))
}

/// Draws a page.
async fn page(State(install): State<Arc<Install>>, request: Request) -> Response {
    let backend = ui::backend(install, request_id(&request));
    let sample_page = request.extensions().get::<SamplePage>().copied();
    let status = Arc::new(Mutex::new(StatusCode::OK));
    let nonce = Arc::new(Mutex::new(None));
    let context = {
        let (status, nonce) = (Arc::clone(&status), Arc::clone(&nonce));
        move || {
            provide_context(Arc::clone(&backend));
            if let Some(sample_page) = sample_page {
                provide_context(sample_page);
            }
            let status = Arc::clone(&status);
            provide_context(ResponseStatus::new(move |code| {
                *status.lock().unwrap_or_else(PoisonError::into_inner) =
                    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            }));
            *nonce.lock().unwrap_or_else(PoisonError::into_inner) = use_context::<Nonce>();
        }
    };
    let assets = assets::dashboard();
    let mut response = render_app_async_with_context(context, move || shell(assets.clone()))(request).await;
    *response.status_mut() = *status.lock().unwrap_or_else(PoisonError::into_inner);
    let nonce = nonce.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(policy) = nonce.and_then(|nonce| content_security_policy(&nonce)) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn content_security_policy(nonce: &Nonce) -> Option<HeaderValue> {
    let policy = format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
         connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).ok()
}

/// What the dashboard shows is of this moment and for these eyes.
async fn no_store(request: Request, next: Next) -> Response<Body> {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    response
}

fn request_id(request: &Request) -> String {
    let id = request.extensions().get::<RequestId>();
    id.and_then(|id| id.header_value().to_str().ok()).unwrap_or_default().to_owned()
}
