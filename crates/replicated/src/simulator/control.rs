//! The simulator's own API, for tests and for the command line.

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;

use super::{ArmedRule, Rule, Simulator, Snapshot};

pub(super) fn routes() -> Router<Simulator> {
    Router::new().route("/simulator/state", get(state)).route("/simulator/script", post(fail).delete(heal))
}

async fn state(State(simulator): State<Simulator>) -> Json<Snapshot> {
    Json(simulator.snapshot())
}

async fn fail(State(simulator): State<Simulator>, rule: Result<Json<Rule>, JsonRejection>) -> Response {
    match rule {
        Ok(Json(rule)) => {
            simulator.fail(rule);
            Json::<Vec<ArmedRule>>(simulator.snapshot().script).into_response()
        }
        Err(rejection) => (StatusCode::BAD_REQUEST, Json(json!({"message": rejection.body_text()}))).into_response(),
    }
}

async fn heal(State(simulator): State<Simulator>) -> Json<Vec<ArmedRule>> {
    simulator.heal();
    Json(Vec::new())
}
