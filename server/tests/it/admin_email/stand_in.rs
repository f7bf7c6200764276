//! A stand-in for Keycloak's admin API: what a real one cannot be made to answer, and what it was asked.

use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use serde_json::json;
use tokio::net::TcpListener;

pub(super) const PASSWORD: &str = "p@ss/word";
const TOKEN: &str = "stand-in-token";

/// A running stand-in.
pub(super) struct Keycloak {
    /// Its address, with the path of an old Keycloak.
    pub(super) url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Keycloak {
    pub(super) async fn start() -> Self {
        let asked = Arc::default();
        let router = Router::new()
            .route("/auth/realms/master/protocol/openid-connect/token", post(token))
            .route("/auth/admin/realms/{realm}/users/{id}", get(user))
            .fallback(async || (StatusCode::NOT_FOUND, refusal("Unable to find matching target resource method")))
            .with_state(Arc::clone(&asked));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/auth/", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, asked }
    }

    /// What it was asked since this was last called, in order.
    pub(super) fn take_asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

fn refusal(error: &str) -> Json<serde_json::Value> {
    Json(json!({ "error": error }))
}

async fn token(State(asked): State<Arc<Mutex<Vec<String>>>>, Form(form): Form<Vec<(String, String)>>) -> Response {
    asked.lock().unwrap().push("token".to_owned());
    let expected =
        [("grant_type", "password"), ("client_id", "admin-cli"), ("username", "admin"), ("password", PASSWORD)];
    if form.iter().map(|(name, value)| (name.as_str(), value.as_str())).eq(expected) {
        return Json(json!({"access_token": TOKEN, "expires_in": 60})).into_response();
    }
    (StatusCode::UNAUTHORIZED, refusal("invalid_grant")).into_response()
}

async fn user(
    State(asked): State<Arc<Mutex<Vec<String>>>>,
    Path((realm, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    asked.lock().unwrap().push(format!("{realm}/{id}"));
    if headers.get("authorization").is_none_or(|value| value != &format!("Bearer {TOKEN}")) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    match id.as_str() {
        "first" => Json(json!({"id": id, "email": "ann@acme.example", "enabled": true})).into_response(),
        "disabled" => Json(json!({"id": id, "email": "gone@acme.example", "enabled": false})).into_response(),
        "no-email" => Json(json!({"id": id, "enabled": true})).into_response(),
        "no-address" => Json(json!({"id": id, "email": "ann at acme", "enabled": true})).into_response(),
        "../evil?x#y" => Json(json!({"id": id, "email": "escaped@acme.example"})).into_response(),
        "fails" => (StatusCode::INTERNAL_SERVER_ERROR, refusal("unknown_error")).into_response(),
        "moved" => Redirect::temporary("/login").into_response(),
        "a-page" => Html("<h1>ann@acme.example</h1>").into_response(),
        _ => (StatusCode::NOT_FOUND, refusal("User not found")).into_response(),
    }
}
