//! The page for people: what the vendor sees, and a switchboard of failures. Works without JavaScript.

mod failures;
mod instances;
mod presets;
mod sparkline;
mod tables;
mod time;

use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::HeaderMap;
use axum::http::header::HOST;
use axum::response::{Html, IntoResponse};
use axum::response::{Redirect, Response};
use axum::routing::{get, post};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::Deserialize;

use super::{Simulator, Snapshot};
use presets::Choice;

const STYLE: &str = include_str!("page.css");

pub(super) fn routes() -> Router<Simulator> {
    Router::new()
        .route("/", get(show))
        .route("/simulator/failures", post(fail))
        .route("/simulator/failures/heal", post(heal))
}

#[derive(Deserialize)]
struct View {
    /// Seconds between reloads; the page stands still without it.
    refresh: Option<u16>,
}

async fn show(State(simulator): State<Simulator>, Query(view): Query<View>, headers: HeaderMap) -> Html<String> {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1");
    Html(page(&simulator.snapshot(), view.refresh, host).into_string())
}

async fn fail(State(simulator): State<Simulator>, Form(choice): Form<Choice>) -> Response {
    match choice.rule() {
        Some(rule) => {
            simulator.fail(rule);
            Redirect::to("/").into_response()
        }
        None => axum::http::StatusCode::BAD_REQUEST.into_response(),
    }
}

async fn heal(State(simulator): State<Simulator>) -> Redirect {
    simulator.heal();
    Redirect::to("/")
}

fn page(snapshot: &Snapshot, refresh: Option<u16>, host: &str) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                @if let Some(seconds) = refresh { meta http-equiv="refresh" content=(seconds); }
                title { "Vendor portal (simulated)" }
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body {
                (header(snapshot, refresh))
                main {
                    (summary(snapshot))
                    (failures::section(&snapshot.script))
                    @if snapshot.customers.is_empty() {
                        (nobody_yet(host))
                    } @else {
                        (tables::customers(snapshot))
                        @for instance in &snapshot.instances { (instances::article(instance, snapshot)) }
                    }
                    (tables::requests(snapshot))
                }
                footer { p { "Everything on this page as JSON: " a href="/simulator/state" { "/simulator/state" } } }
            }
        }
    }
}

fn header(snapshot: &Snapshot, refresh: Option<u16>) -> Markup {
    html! {
        header {
            div {
                h1 { "Vendor portal " small { "simulated" } }
                p { "What the vendor sees of each install. Nothing here leaves this machine." }
            }
            p.clock {
                (time::exact(snapshot.now))
                @if refresh.is_some() {
                    a href="/" { "Stop refreshing" }
                } @else {
                    a href="/?refresh=5" { "Refresh every 5 s" }
                }
            }
        }
    }
}

fn summary(snapshot: &Snapshot) -> Markup {
    let active = snapshot.instances.iter().filter(|instance| instance.is_active(snapshot.now)).count();
    let deliveries: u64 = snapshot.instances.iter().map(|instance| instance.deliveries).sum();
    html! {
        dl.summary {
            div { dt { "Customers" } dd { (snapshot.customers.len()) } }
            div { dt { "Active instances" } dd { (active) small { " of " (snapshot.instances.len()) } } }
            div { dt { "Sets of metrics" } dd { (deliveries) } }
            div { dt { "Requests since start" } dd { (snapshot.counts.requests) } }
            div { dt { "Requests failed by script" } dd { (snapshot.counts.failed) } }
        }
    }
}

fn nobody_yet(host: &str) -> Markup {
    html! {
        section.empty {
            h2 { "No customer has registered yet" }
            p { "Point an install at this portal; it appears here with its first request." }
            pre { code { "REPLICATED_BASE_URL=http://" (host) "\nREPLICATED_PUBLISHABLE_KEY=any-key" } }
        }
    }
}
