//! The metric dictionary with the latest values.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::api;
use crate::components::{EmptyState, ExactTime, Loaded, PageHeader, Panel, Quantity, Sparkline};
use crate::format::number::count;
use crate::model::{MetricList, MetricSummary};

/// Every metric there is, by collector.
#[component]
pub(crate) fn MetricsPage() -> impl IntoView {
    let metrics = Resource::new_blocking(|| (), |()| api::metrics());
    view! {
        <Title text="Metrics" />
        <PageHeader title="Metrics">
            "The complete dictionary: every metric that a collector can put into a batch."
        </PageHeader>
        <Loaded answer=metrics render=draw />
    }
}

fn draw(list: MetricList) -> AnyView {
    let address = use_query_map();
    let search = RwSignal::new(address.with_untracked(|map| map.get("q").unwrap_or_default()));
    let latest = match list.latest_batch {
        Some(batch) => view! {
            "Values of the "
            <a href=format!("/admin/batches/{}", batch.id)>"batch of " <ExactTime at=batch.collected_at /></a>
        }
        .into_any(),
        None => view! { "No batch was collected yet, so there are no values." }.into_any(),
    };
    let metrics = StoredValue::new(list.metrics);
    let found = Memo::new(move |_| {
        let search = search.get();
        metrics
            .with_value(|metrics| metrics.iter().filter(|metric| matches(metric, &search)).cloned().collect::<Vec<_>>())
    });
    view! {
        <div class="metrics__bar">
            <form class="search" method="get" action="/admin/metrics" role="search">
                <label class="visually-hidden" for="metric-search">
                    "Search metrics"
                </label>
                <input
                    class="search__field"
                    id="metric-search"
                    type="search"
                    name="q"
                    placeholder="Search key, unit or description"
                    autocomplete="off"
                    prop:value=search
                    value=search.get_untracked()
                    on:input:target=move |event| search.set(event.target().value())
                />
            </form>
            <p class="metrics__note" role="status">
                {move || count(u64::try_from(found.with(Vec::len)).unwrap_or(u64::MAX), "metric", "metrics")}
            </p>
            <p class="metrics__note">{latest}</p>
        </div>
        {move || found.with(|found| groups(found))}
    }
    .into_any()
}

/// Does `metric` have every word of `search` in its key, unit, description or owner? Case does not matter.
fn matches(metric: &MetricSummary, search: &str) -> bool {
    let text =
        [&metric.key, &metric.unit, &metric.description, &metric.owner].map(|part| part.to_lowercase()).join(" ");
    search.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

fn groups(metrics: &[MetricSummary]) -> impl IntoView + use<> {
    if metrics.is_empty() {
        return view! {
            <div class="panel">
                <EmptyState title="No metric matches">"Try a part of a key, such as “30d” or “users”."</EmptyState>
            </div>
        }
        .into_any();
    }
    let mut owners: Vec<_> = metrics.iter().map(|metric| metric.owner.clone()).collect();
    owners.sort();
    owners.dedup();
    owners
        .into_iter()
        .map(|owner| {
            let rows: Vec<_> = metrics.iter().filter(|metric| metric.owner == owner).map(row).collect();
            view! {
                <Panel title=owner.clone()>
                    <table class="table metrics__table">
                        <caption class="visually-hidden">{format!("Metrics of {owner}")}</caption>
                        <thead>
                            <tr>
                                <th scope="col">"Metric"</th>
                                <th scope="col">"Type"</th>
                                <th scope="col">"Trend"</th>
                                <th scope="col" class="table__number">
                                    "Latest"
                                </th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </Panel>
            }
        })
        .collect::<Vec<_>>()
        .into_any()
}

fn row(metric: &MetricSummary) -> impl IntoView + use<> {
    view! {
        <tr>
            <th scope="row" data-label="Metric">
                <a class="metrics__key" href=format!("/admin/metrics/{}", metric.key)>
                    {metric.key.clone()}
                </a>
                <span class="table__detail">{metric.description.clone()}</span>
            </th>
            <td data-label="Type" class="metrics__type">
                {metric.metric_type.to_string()}
            </td>
            <td data-label="Trend" class="metrics__trend">
                <Sparkline values=&metric.recent />
            </td>
            <td data-label="Latest" class="table__number">
                <Quantity value=metric.latest.clone() unit=&metric.unit />
            </td>
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use domain::metric::MetricType;

    use super::*;

    #[test]
    fn a_search_finds_by_every_word_whatever_its_case() {
        let metric = MetricSummary {
            key: "active_users_7d".into(),
            metric_type: MetricType::Int,
            unit: "users".into(),
            description: "Users who worked in the last 7 days.".into(),
            owner: "user_activity".into(),
            latest: None,
            recent: Vec::new(),
        };
        for (search, found) in
            [("", true), ("  ", true), ("ACTIVE", true), ("7d users", true), ("last days", true), ("users cost", false)]
        {
            assert_eq!(matches(&metric, search), found, "{search}");
        }
    }
}
