//! Health, for Kubernetes and load balancers.

use axum::Json;
use serde::Serialize;

/// The reply of a health check.
#[derive(Debug, Serialize)]
pub(super) struct Health {
    status: &'static str,
}

/// `GET /health/live`: the process answers.
pub(super) async fn live() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// `GET /health/ready`: it can answer requests, which it can as soon as it listens. It costs no query: the license status, which
/// every user's browser asks for, must stay reachable while the database is away.
pub(super) async fn ready() -> Json<Health> {
    Json(Health { status: "ok" })
}
