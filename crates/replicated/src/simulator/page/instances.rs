//! One instance: its state, its metrics, what changed.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use serde_json::Value;

use super::{sparkline, time};
use crate::simulator::{Change, Instance, Snapshot};

/// Changes shown.
const LATEST: usize = 20;

pub(super) fn article(instance: &Instance, snapshot: &Snapshot) -> Markup {
    html! {
        article aria-labelledby=(instance.id) {
            h2 id=(instance.id) {
                "Instance " span { (instance.name.as_deref().unwrap_or("without a name")) } " "
                @if instance.is_active(snapshot.now) {
                    span.badge.good { "active" }
                } @else if instance.last_check_in.is_some() {
                    span.badge.bad { "inactive for more than 24 h" }
                } @else {
                    span.badge { "never checked in" }
                }
            }
            (facts(instance, snapshot))
            @if instance.metrics.is_empty() {
                p.muted { "No metrics have arrived yet." }
            } @else {
                (metrics(instance, snapshot))
                (changes(instance, snapshot))
            }
        }
    }
}

fn facts(instance: &Instance, snapshot: &Snapshot) -> Markup {
    let customer = snapshot.customers.iter().find(|customer| customer.id == instance.customer_id);
    let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).unwrap_or("–").to_owned();
    let when = |at: Option<DateTime<Utc>>| at.map_or_else(|| html! { "never" }, |at| time::both(at, snapshot.now));
    html! {
        dl.facts {
            div { dt { "Customer" } dd { (text(customer.map(|customer| customer.email.as_str()))) } }
            div { dt { "Status" } dd { (text(instance.app_status.as_deref())) } }
            div { dt { "Version" } dd { (text(instance.version_label.as_deref())) } }
            div { dt { "Last check-in" } dd { (when(instance.last_check_in)) } }
            div { dt { "Last metrics" } dd { (when(instance.last_metrics)) } }
            div { dt { "Sets of metrics" } dd { (instance.deliveries) } }
            div { dt { "Cluster" } dd { code.long { (text(instance.cluster_id.as_deref())) } } }
            div { dt { "Instance" } dd { code.long { (instance.id) } } }
        }
    }
}

fn metrics(instance: &Instance, snapshot: &Snapshot) -> Markup {
    let mut course: HashMap<&str, Vec<&Change>> = HashMap::new();
    for change in &instance.changes {
        course.entry(&change.key).or_default().push(change);
    }
    html! {
        div.scroll tabindex="0" { table {
            thead { tr {
                th { "Metric" } th.number { "Value" } th { "Course" } th.number { "Changes" } th { "Unchanged since" }
            } }
            tbody {
                @for (key, metric) in &instance.metrics {
                    @let changes = course.get(key.as_str()).map(Vec::as_slice).unwrap_or_default();
                    tr {
                        td { code { (key) } }
                        td.number { (shown(Some(&metric.value))) }
                        td { @if let Some(line) = sparkline::draw(changes.iter().copied(), snapshot.now) { (line) } }
                        td.number { (changes.len()) }
                        td { (time::both(metric.changed_at, snapshot.now)) }
                    }
                }
            }
        } }
    }
}

fn changes(instance: &Instance, snapshot: &Snapshot) -> Markup {
    html! {
        details {
            summary { "Latest changes" }
            div.scroll tabindex="0" { table {
                thead { tr { th { "Time of arrival" } th { "Metric" } th.number { "Before" } th.number { "After" } } }
                tbody {
                    @for change in instance.changes.iter().rev().take(LATEST) {
                        tr {
                            td { (time::both(change.at, snapshot.now)) }
                            td { code { (change.key) } }
                            td.number { (shown(change.from.as_ref())) }
                            td.number { (shown(change.to.as_ref())) }
                        }
                    }
                }
            } }
        }
    }
}

/// A value as it came, text without its quotes; a dash where there is none.
fn shown(value: Option<&Value>) -> String {
    match value {
        None => "–".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
