//! Health, for Kubernetes and load balancers.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use std::sync::Arc;

use crate::install::Install;

/// The reply of the readiness check.
#[derive(Debug, Serialize)]
pub(super) struct Readiness {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// `GET /health/live`: the process answers.
pub(super) async fn live() -> Json<Readiness> {
    Json(Readiness { status: "ok", reason: None })
}

/// `GET /health/ready`: the database answers and its tables are up to date.
pub(super) async fn ready(State(install): State<Arc<Install>>) -> (StatusCode, Json<Readiness>) {
    let reason = if !install.is_prepared() {
        Some("the database is not prepared yet")
    } else if install.services.store.ping().await.is_err() {
        Some("the database does not answer")
    } else {
        return (StatusCode::OK, Json(Readiness { status: "ok", reason: None }));
    };
    (StatusCode::SERVICE_UNAVAILABLE, Json(Readiness { status: "unavailable", reason }))
}
