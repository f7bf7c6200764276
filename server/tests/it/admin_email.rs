//! Whose install it is: the tiers of the administrator's e-mail address, Keycloak's admin API by a stand-in of it.

use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use secrecy::ExposeSecret as _;
use serde_json::json;
use sqlx::PgPool;
use tokio::net::TcpListener;

use crate::fixture::Fixture;

/// What the stand-in was asked, in order.
type Asked = Arc<Mutex<Vec<String>>>;

const TOKEN: &str = "stand-in-token";
const PASSWORD: &str = "p@ss/word";

async fn keycloak() -> (String, Asked) {
    let asked = Asked::default();
    let router = Router::new()
        .route("/auth/realms/master/protocol/openid-connect/token", post(token))
        .route("/auth/admin/realms/{realm}/users/{id}", get(user))
        .with_state(Arc::clone(&asked));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/auth/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, asked)
}

async fn token(State(asked): State<Asked>, Form(form): Form<Vec<(String, String)>>) -> Response {
    asked.lock().unwrap().push("token".to_owned());
    let expected =
        [("grant_type", "password"), ("client_id", "admin-cli"), ("username", "admin"), ("password", PASSWORD)];
    if form.iter().map(|(name, value)| (name.as_str(), value.as_str())).eq(expected) {
        return Json(json!({"access_token": TOKEN, "expires_in": 60})).into_response();
    }
    (StatusCode::UNAUTHORIZED, Json(json!({"error": "invalid_grant"}))).into_response()
}

async fn user(State(asked): State<Asked>, Path((realm, id)): Path<(String, String)>, headers: HeaderMap) -> Response {
    asked.lock().unwrap().push(format!("{realm}/{id}"));
    if headers.get("authorization").is_none_or(|value| value != &format!("Bearer {TOKEN}")) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    match id.as_str() {
        "first" => Json(json!({"id": id, "username": "ann", "email": "ann@acme.example"})).into_response(),
        "no-email" => Json(json!({"id": id, "username": "bob"})).into_response(),
        "../evil?x#y" => Json(json!({"id": id, "email": "escaped@acme.example"})).into_response(),
        _ => (StatusCode::NOT_FOUND, Json(json!({"error": "User not found"}))).into_response(),
    }
}

async fn add_user(pool: &PgPool, id: &str, accepted_tos: Option<&str>, email: Option<&str>) {
    sqlx::query(
        "INSERT INTO user_settings (keycloak_user_id, accepted_tos, email) VALUES ($1, $2::text::timestamp, $3)",
    )
    .bind(id)
    .bind(accepted_tos)
    .bind(email)
    .execute(pool)
    .await
    .unwrap();
}

async fn found(fixture: &Fixture) -> Option<String> {
    let email = fixture.services().admin_email.find().await.unwrap();
    email.map(|email| email.expose_secret().to_owned())
}

#[tokio::test]
async fn the_configured_address_wins() {
    let fixture = Fixture::with(&[("OPENHANDS_ADMIN_EMAIL", "boss@acme.example")]).await;
    add_user(fixture.pool(), "u", Some("2025-01-01"), Some("ann@acme.example")).await;
    assert_eq!(found(&fixture).await.as_deref(), Some("boss@acme.example"));
}

#[tokio::test]
async fn else_the_earliest_user_who_accepted_and_has_an_address() {
    let fixture = Fixture::with(&[("OPENHANDS_ADMIN_EMAIL", "")]).await;
    assert_eq!(found(&fixture).await, None, "no users yet");
    add_user(fixture.pool(), "never", None, Some("never@acme.example")).await;
    add_user(fixture.pool(), "empty", Some("2025-01-01"), Some("")).await;
    add_user(fixture.pool(), "null", Some("2025-01-02"), None).await;
    assert_eq!(found(&fixture).await, None, "nobody who accepted has an address");
    add_user(fixture.pool(), "later", Some("2025-02-02"), Some("later@acme.example")).await;
    add_user(fixture.pool(), "first", Some("2025-02-01"), Some("first@acme.example")).await;
    add_user(fixture.pool(), "tie", Some("2025-02-01"), Some("tie@acme.example")).await;
    assert_eq!(found(&fixture).await.as_deref(), Some("first@acme.example"), "the earliest; ties by id");
}

#[tokio::test]
async fn else_keycloaks_account_of_the_earliest_user_who_accepted() {
    let (url, asked) = keycloak().await;
    let changes = [("OPENHANDS_ADMIN_EMAIL", ""), ("KEYCLOAK_SERVER_URL", &url), ("KEYCLOAK_ADMIN_PASSWORD", PASSWORD)];
    let fixture = Fixture::with(&changes).await;
    assert_eq!(found(&fixture).await, None);
    assert!(asked.lock().unwrap().is_empty(), "with nobody to ask about, Keycloak is not asked");
    add_user(fixture.pool(), "second", Some("2025-02-02"), None).await;
    add_user(fixture.pool(), "first", Some("2025-02-01"), Some("")).await;
    assert_eq!(found(&fixture).await.as_deref(), Some("ann@acme.example"));
    assert_eq!(*asked.lock().unwrap(), ["token", "openhands/first"]);
}

#[tokio::test]
async fn an_account_without_address_or_gone_is_nobody() {
    let (url, _) = keycloak().await;
    for id in ["no-email", "gone"] {
        let changes =
            [("OPENHANDS_ADMIN_EMAIL", ""), ("KEYCLOAK_SERVER_URL", &url), ("KEYCLOAK_ADMIN_PASSWORD", PASSWORD)];
        let fixture = Fixture::with(&changes).await;
        add_user(fixture.pool(), id, Some("2025-02-01"), None).await;
        assert_eq!(found(&fixture).await, None, "{id}");
    }
}

#[tokio::test]
async fn a_users_id_is_escaped_in_the_address_whatever_it_holds() {
    let (url, asked) = keycloak().await;
    let changes = [("OPENHANDS_ADMIN_EMAIL", ""), ("KEYCLOAK_SERVER_URL", &url), ("KEYCLOAK_ADMIN_PASSWORD", PASSWORD)];
    let fixture = Fixture::with(&changes).await;
    add_user(fixture.pool(), "../evil?x#y", Some("2025-02-01"), None).await;
    assert_eq!(found(&fixture).await.as_deref(), Some("escaped@acme.example"));
    assert_eq!(asked.lock().unwrap()[1], "openhands/../evil?x#y");
}

#[tokio::test]
async fn a_keycloak_that_refuses_or_is_away_is_as_good_as_none() {
    let (url, _) = keycloak().await;
    for (url, password) in [(url.as_str(), "wrong"), ("http://127.0.0.1:9/", PASSWORD)] {
        let changes =
            [("OPENHANDS_ADMIN_EMAIL", ""), ("KEYCLOAK_SERVER_URL", url), ("KEYCLOAK_ADMIN_PASSWORD", password)];
        let fixture = Fixture::with(&changes).await;
        add_user(fixture.pool(), "first", Some("2025-02-01"), None).await;
        assert_eq!(found(&fixture).await, None);
    }
}

#[tokio::test]
async fn without_the_administrators_password_keycloak_is_not_asked() {
    let (url, asked) = keycloak().await;
    let fixture = Fixture::with(&[("OPENHANDS_ADMIN_EMAIL", ""), ("KEYCLOAK_SERVER_URL", &url)]).await;
    add_user(fixture.pool(), "first", Some("2025-02-01"), None).await;
    assert_eq!(found(&fixture).await, None);
    assert!(asked.lock().unwrap().is_empty());
}
