//! What a collector could not give, and why.

use domain::collector::{CollectorRun, MissingMetrics};
use leptos::prelude::*;

use crate::format::number::count;

/// What there is to say of a run beyond its badge: what went wrong, or the reasons for what is missing, each once, with the
/// metrics that it costs.
pub(crate) fn run_detail(run: &CollectorRun) -> impl IntoView + use<> {
    let error = run.status.detail().map(|detail| view! { <p class="missing__reason">{detail}</p> });
    let missing: Vec<_> = run.missing.iter().cloned().map(reason).collect();
    (error.is_some() || !missing.is_empty()).then(|| view! { <div class="missing">{error}{missing}</div> })
}

fn reason(missing: MissingMetrics) -> impl IntoView {
    let MissingMetrics { reason, keys, columns } = missing;
    if keys.is_empty() && columns.is_empty() {
        return view! { <p class="missing__reason">{reason}</p> }.into_any();
    }
    let keys_title = count(keys.len() as u64, "metric", "metrics");
    view! {
        <details class="missing__group">
            <summary>
                <span class="missing__reason">{reason}</span>
                {(!keys.is_empty()).then(|| view! { <span class="missing__count">{keys_title} " missing"</span> })}
            </summary>
            {list("Metrics", keys)}
            {list("Not in OHE's database, or not readable", columns)}
        </details>
    }
    .into_any()
}

fn list(title: &'static str, names: Vec<String>) -> Option<impl IntoView> {
    (!names.is_empty()).then(|| {
        let names: Vec<_> = names.into_iter().map(|name| view! { <li><code>{name}</code></li> }).collect();
        view! {
            <p class="missing__label">{title}</p>
            <ul class="missing__names">{names}</ul>
        }
    })
}
