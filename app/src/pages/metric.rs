//! One metric over time.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use crate::api;
use crate::components::{Chart, EmptyState, ExactTime, Loaded, PageHeader, Panel, Quantity};
use crate::format::number::count;
use crate::model::{MetricHistory, MetricPoint, MetricSummary};

/// The metric whose key is in the address.
#[component]
pub(crate) fn MetricPage() -> impl IntoView {
    let params = use_params_map();
    let history =
        Resource::new_blocking(move || params.with(|map| map.get("key").unwrap_or_default()), api::metric_history);
    view! {
        <Title text="Metric" />
        <Loaded answer=history render=draw heading="Metric" />
    }
}

fn draw(history: MetricHistory) -> AnyView {
    let MetricSummary { key, unit, description, .. } = history.metric.clone();
    let facts = facts(&history.metric);
    let values = values(history.points.clone(), &unit);
    let chart = if history.points.is_empty() {
        view! { <EmptyState title="No values yet">"The chart begins with the first batch."</EmptyState> }.into_any()
    } else {
        view! { <Chart history /> }.into_any()
    };
    view! {
        <Title text=key.clone() />
        <PageHeader title=key parent=("Metrics", "/admin/metrics")>
            {description}
        </PageHeader>
        {facts}
        <Panel title="Over time">{chart}</Panel>
        {values}
    }
    .into_any()
}

fn facts(metric: &MetricSummary) -> impl IntoView + use<> {
    view! {
        <dl class="facts">
            <div>
                <dt>"Latest"</dt>
                <dd>
                    <Quantity value=metric.latest.clone() unit=&metric.unit />
                </dd>
            </div>
            <div>
                <dt>"Unit"</dt>
                <dd>{metric.unit.clone()}</dd>
            </div>
            <div>
                <dt>"Type"</dt>
                <dd>{metric.metric_type.to_string()}</dd>
            </div>
            <div>
                <dt>"Collector"</dt>
                <dd>
                    <a href="/admin/collectors">
                        <code>{metric.owner.clone()}</code>
                    </a>
                </dd>
            </div>
        </dl>
    }
}

fn values(points: Vec<MetricPoint>, unit: &str) -> impl IntoView + use<> {
    let total = u64::try_from(points.len()).unwrap_or(u64::MAX);
    let row = |point: MetricPoint| {
        view! {
            <tr>
                <th scope="row" data-label="Collected">
                    <a href=format!("/admin/batches/{}", point.batch_id)>
                        <ExactTime at=point.collected_at />
                    </a>
                </th>
                <td data-label="Value" class="table__number">
                    <Quantity value=point.value unit />
                </td>
            </tr>
        }
    };
    (total > 0).then(|| {
        view! {
            <details class="panel metric__values">
                <summary class="metric__summary">{format!("All {}", count(total, "value", "values"))}</summary>
                <table class="table">
                    <caption class="visually-hidden">"All values, newest first"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Collected"</th>
                            <th scope="col" class="table__number">
                                "Value"
                            </th>
                        </tr>
                    </thead>
                    <tbody>{points.into_iter().rev().map(row).collect::<Vec<_>>()}</tbody>
                </table>
            </details>
        }
    })
}
