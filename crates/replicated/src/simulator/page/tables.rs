//! Customers, and the latest requests.

use maud::{Markup, html};

use super::{presets, time};
use crate::simulator::{LoggedRequest, Snapshot};

/// Requests shown.
const LATEST: usize = 25;

pub(super) fn customers(snapshot: &Snapshot) -> Markup {
    html! {
        section aria-labelledby="customers" {
            h2 #customers { "Customers" }
            div.scroll tabindex="0" { table {
                thead { tr {
                    th { "E-mail" } th { "Application" } th { "Channel" } th { "Customer since" }
                    th.number { "Registrations" } th { "Id" }
                } }
                tbody {
                    @for customer in &snapshot.customers {
                        tr {
                            td { (customer.email) }
                            td { (customer.app_slug) }
                            td { (customer.channel.as_deref().unwrap_or("–")) }
                            td { (time::both(customer.created_at, snapshot.now)) }
                            td.number { (customer.registrations) }
                            td { code { (customer.id) } }
                        }
                    }
                }
            } }
        }
    }
}

pub(super) fn requests(snapshot: &Snapshot) -> Markup {
    html! {
        section aria-labelledby="requests" {
            h2 #requests { "Latest requests" }
            @if snapshot.requests.is_empty() {
                p.muted { "None since the simulator was started." }
            } @else {
                div.scroll tabindex="0" { table {
                    thead { tr {
                        th.number { "No." } th { "Time" } th { "Endpoint" } th { "Authorised by" } th { "Outcome" }
                    } }
                    tbody {
                        @for request in snapshot.requests.iter().rev().take(LATEST) {
                            tr {
                                td.number { (request.number) }
                                td { (time::both(request.at, snapshot.now)) }
                                td { code { (request.method) " " (request.path) } }
                                td { (authorization(request)) }
                                td { (outcome(request)) }
                            }
                        }
                    }
                } }
            }
        }
    }
}

fn authorization(request: &LoggedRequest) -> &str {
    let header = request.headers.iter().find(|(name, _)| name == "authorization");
    header.map_or("nothing", |(_, kind)| kind.as_str())
}

fn outcome(request: &LoggedRequest) -> Markup {
    let good = request.fault.is_none() && request.status.is_some_and(|status| status < 300);
    html! {
        span.badge.good[good].bad[!good] {
            @match (&request.fault, request.status) {
                (Some(fault), _) => (presets::label(fault)),
                (None, Some(status)) => (status),
                (None, None) => "no answer",
            }
        }
    }
}
