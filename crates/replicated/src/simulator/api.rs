//! The vendor's four endpoints.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::header::{AUTHORIZATION, DATE};
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::connection::Connection;
use super::instance::{Instance, Report};
use super::request_log::{self, LoggedRequest};
use super::{Endpoint, Fault, Simulator, failing};
use crate::headers;

pub(super) fn routes() -> Router<Simulator> {
    Endpoint::ALL.into_iter().fold(Router::new(), |router, endpoint| {
        let handler =
            move |State(simulator): State<Simulator>, extensions: Extensions, headers: HeaderMap, body: Bytes| {
                let connection = extensions.get::<ConnectInfo<Connection>>().map(|info| info.0.clone());
                async move { simulator.answer(endpoint, &headers, &body, connection).await }
            };
        router.route(endpoint.path(), post(handler))
    })
}

/// What the portal answers by itself.
struct Answer {
    status: StatusCode,
    body: Value,
}

impl Answer {
    fn ok(body: Value) -> Self {
        Self { status: StatusCode::OK, body }
    }

    fn refused(status: StatusCode, message: &str) -> Self {
        Self { status, body: json!({"message": message}) }
    }
}

/// By which right a request comes.
enum Credentials {
    PublishableKey,
    /// Of this customer.
    ServiceToken(String),
    Unknown,
}

impl Credentials {
    fn word(&self) -> &'static str {
        match self {
            Self::PublishableKey => "publishable key",
            Self::ServiceToken(_) => "service token",
            Self::Unknown => "unknown",
        }
    }
}

impl Simulator {
    async fn answer(
        &self,
        endpoint: Endpoint,
        headers: &HeaderMap,
        body: &Bytes,
        connection: Option<Connection>,
    ) -> Response {
        let now = self.now();
        let (fault, answer) = self.decide(endpoint, headers, body, now);
        if let Err(error) = self.save().await {
            tracing::error!(error = &error as &dyn std::error::Error, "the simulator's state was not saved");
        }
        let answer = match answer {
            Some(answer) => (answer.status, axum::Json(answer.body)).into_response(),
            None => StatusCode::BAD_GATEWAY.into_response(),
        };
        let mut response = match fault {
            Some(fault) => failing::play(fault, answer, connection, now).await,
            None => answer,
        };
        // The simulator's time, not the machine's: clients compare clocks.
        if let Ok(date) = HeaderValue::from_str(&httpdate::fmt_http_date(now.into())) {
            response.headers_mut().insert(DATE, date);
        }
        response
    }

    /// Asks the script and, unless it forbids, the portal; logs the request.
    fn decide(
        &self,
        endpoint: Endpoint,
        headers: &HeaderMap,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> (Option<Fault>, Option<Answer>) {
        let mut guard = self.state();
        let state = &mut *guard;
        let fault = state.script.next(endpoint);
        let authorization = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let credentials = self.credentials(&state.portal, authorization);
        let shown = request_log::headers(headers, credentials.word());
        let answer = match &fault {
            Some(Fault::RevokedToken) => {
                state.portal.revoke(authorization);
                let credentials = self.credentials(&state.portal, authorization);
                Some(handle(&mut state.portal, endpoint, &credentials, headers, body, now))
            }
            Some(Fault::NoInstance) => {
                state.portal.leave_instances_out(true);
                let answer = handle(&mut state.portal, endpoint, &credentials, headers, body, now);
                state.portal.leave_instances_out(false);
                Some(answer)
            }
            Some(fault) if !fault.takes_effect() => None,
            _ => Some(handle(&mut state.portal, endpoint, &credentials, headers, body, now)),
        };
        let request = LoggedRequest {
            number: 0,
            at: now,
            method: "POST".to_owned(),
            path: endpoint.path().to_owned(),
            headers: shown,
            body: request_log::body(body),
            fault: fault.clone(),
            status: answer.as_ref().map(|answer| answer.status.as_u16()),
        };
        state.log.add(endpoint, request);
        (fault, answer)
    }

    fn credentials(&self, portal: &super::Portal, authorization: &str) -> Credentials {
        if let Some(customer) = portal.customer_of_token(authorization) {
            return Credentials::ServiceToken(customer.id.clone());
        }
        match (authorization.strip_prefix("Bearer "), &self.shared.publishable_key) {
            (Some(key), Some(only)) if key == only => Credentials::PublishableKey,
            (Some(key), None) if !key.trim().is_empty() => Credentials::PublishableKey,
            _ => Credentials::Unknown,
        }
    }
}

fn handle(
    portal: &mut super::Portal,
    endpoint: Endpoint,
    credentials: &Credentials,
    headers: &HeaderMap,
    body: &[u8],
    now: DateTime<Utc>,
) -> Answer {
    if matches!(credentials, Credentials::Unknown) {
        return Answer::refused(StatusCode::UNAUTHORIZED, "invalid token");
    }
    let Ok(Value::Object(body)) = serde_json::from_slice(body) else {
        return Answer::refused(StatusCode::BAD_REQUEST, "the body must be a JSON object");
    };
    match endpoint {
        Endpoint::Customer => customer(portal, credentials, &body, now),
        Endpoint::Instance => instance(portal, credentials, &body, now),
        Endpoint::Metrics => match instance_of(portal, credentials, headers) {
            Ok(instance) => metrics(instance, body, headers, now),
            Err(refused) => refused,
        },
        Endpoint::CheckIn => match instance_of(portal, credentials, headers) {
            Ok(instance) => {
                instance.check_in(&report(headers), now);
                Answer::ok(json!({}))
            }
            Err(refused) => refused,
        },
    }
}

fn customer(
    portal: &mut super::Portal,
    credentials: &Credentials,
    body: &Map<String, Value>,
    now: DateTime<Utc>,
) -> Answer {
    if !matches!(credentials, Credentials::PublishableKey) {
        return Answer::refused(StatusCode::UNAUTHORIZED, "a publishable key is required");
    }
    let text = |key: &str| body.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let (Some(email), Some(app)) = (text("email_address"), text("app_slug")) else {
        return Answer::refused(StatusCode::BAD_REQUEST, "email_address and app_slug are required");
    };
    let (customer, instance_id) = portal.register(email, app, text("channel"), now);
    Answer::ok(json!({"customer": {
        "id": customer.id,
        "email": customer.email,
        "name": text("name").unwrap_or(&customer.email),
        "serviceToken": customer.service_token,
        "instanceId": instance_id,
    }}))
}

fn instance(
    portal: &mut super::Portal,
    credentials: &Credentials,
    body: &Map<String, Value>,
    now: DateTime<Utc>,
) -> Answer {
    let Credentials::ServiceToken(customer) = credentials else {
        return Answer::refused(StatusCode::UNAUTHORIZED, "a service token is required");
    };
    let Some(cluster) = body.get("machine_fingerprint").and_then(Value::as_str).filter(|id| !id.is_empty()) else {
        return Answer::refused(StatusCode::BAD_REQUEST, "machine_fingerprint is required");
    };
    let id = portal.create_instance(customer, Some(cluster), now);
    Answer { status: StatusCode::CREATED, body: json!({"instance_id": id}) }
}

/// The instance that the headers name, if the credentials reach it. The publishable key reaches all.
fn instance_of<'a>(
    portal: &'a mut super::Portal,
    credentials: &Credentials,
    headers: &HeaderMap,
) -> Result<&'a mut Instance, Answer> {
    let id = header(headers, headers::INSTANCE_ID).unwrap_or_default();
    let mine = |instance: &Instance| match credentials {
        Credentials::ServiceToken(customer) => &instance.customer_id == customer,
        _ => true,
    };
    portal
        .instance_mut(&id)
        .filter(|instance| mine(instance))
        .ok_or_else(|| Answer::refused(StatusCode::NOT_FOUND, "instance not found"))
}

fn metrics(instance: &mut Instance, mut body: Map<String, Value>, headers: &HeaderMap, now: DateTime<Utc>) -> Answer {
    let Some(Value::Object(data)) = body.remove("data") else {
        return Answer::refused(StatusCode::BAD_REQUEST, "data is required and must be an object");
    };
    if data.is_empty() {
        return Answer::refused(StatusCode::BAD_REQUEST, "data must not be empty");
    }
    if let Some((key, _)) = data.iter().find(|(_, value)| value.is_null() || value.is_array() || value.is_object()) {
        let message = format!("{key}: only scalar values are allowed");
        return Answer::refused(StatusCode::BAD_REQUEST, &message);
    }
    instance.receive(data, &report(headers), now);
    Answer::ok(json!({}))
}

fn report(headers: &HeaderMap) -> Report {
    Report {
        cluster_id: header(headers, headers::CLUSTER_ID),
        app_status: header(headers, headers::APP_STATUS),
        version_label: header(headers, headers::VERSION_LABEL),
        name: header(headers, headers::INSTANCE_TAG_DATA).and_then(|data| {
            let data: Value = serde_json::from_slice(&BASE64_STANDARD.decode(data).ok()?).ok()?;
            data.pointer("/tags/name")?.as_str().map(str::to_owned)
        }),
    }
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}
