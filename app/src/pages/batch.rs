//! One batch: who contributed, how its delivery went, and what exactly is sent.

use domain::collector::CollectorRun;
use domain::ohe::OheDatabase;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use crate::api;
use crate::components::{
    AttemptTable, EmptyState, Identifier, Json, Loaded, PageHeader, Panel, RelativeTime, batch_badge, collector_badge,
    run_detail,
};
use crate::format::duration::duration;
use crate::format::number::{count, grouped};
use crate::format::time::{day, to_the_minute};
use crate::model::{Attempt, BatchDetail, BatchSummary};

/// The batch whose id is in the address.
#[component]
pub(crate) fn BatchPage() -> impl IntoView {
    let params = use_params_map();
    let batch = Resource::new_blocking(move || params.with(|map| map.get("id").unwrap_or_default()), api::batch);
    view! {
        <Title text="Batch" />
        <Loaded answer=batch render=draw heading="Batch" />
    }
}

fn draw(batch: BatchDetail) -> AnyView {
    let BatchDetail { summary, database, runs, attempts, payload } = batch;
    let file_name = format!("batch-{}.json", day(summary.collected_at));
    view! {
        <Title text=format!("Batch of {}", day(summary.collected_at)) />
        <PageHeader title=format!("Batch of {}", to_the_minute(summary.collected_at)) parent=("Batches", "/admin/batches")>
            {count(u64::from(summary.metric_count), "metric", "metrics")}
            ", collected "
            <RelativeTime at=summary.collected_at />
        </PageHeader>
        {facts(&summary, database)}
        <div class="batch__columns">
            <Panel title="Collectors">{runs_table(&runs)}</Panel>
            <Panel title="Delivery attempts">{attempts_table(attempts)}</Panel>
        </div>
        <Panel title="What is sent">
            <p class="batch__note">
                "The request body as the vendor gets it, byte for byte; here it is only indented."
            </p>
            <Json text=payload file_name />
        </Panel>
    }
    .into_any()
}

fn facts(summary: &BatchSummary, database: Option<OheDatabase>) -> impl IntoView + use<> {
    view! {
        <dl class="facts">
            <div>
                <dt>"State"</dt>
                <dd>{batch_badge(summary.state)}</dd>
            </div>
            {summary
                .delivered_at
                .map(|at| {
                    view! {
                        <div>
                            <dt>"Delivered"</dt>
                            <dd>
                                <RelativeTime at exact=true />
                            </dd>
                        </div>
                    }
                })}
            {summary
                .last_error
                .clone()
                .map(|error| {
                    view! {
                        <div>
                            <dt>"Last error"</dt>
                            <dd>{error}</dd>
                        </div>
                    }
                })}
            {database
                .map(|database| {
                    let revision = database.revision.map_or(String::new(), |revision| format!(", revision {revision}"));
                    view! {
                        <div>
                            <dt>"OpenHands' database"</dt>
                            <dd>
                                {format!(
                                    "generation {}{revision}; answers {} of {} metrics",
                                    database.generation,
                                    database.answerable,
                                    database.known,
                                )}
                            </dd>
                        </div>
                    }
                })}
            <div>
                <dt>"Batch id"</dt>
                <dd>
                    <Identifier id=summary.id.clone() what="batch id" />
                </dd>
            </div>
        </dl>
    }
}

fn runs_table(runs: &[CollectorRun]) -> impl IntoView + use<> {
    if runs.is_empty() {
        return view! {
            <EmptyState title="Not recorded">
                "This batch was collected by a version that did not record how each collector fared."
            </EmptyState>
        }
        .into_any();
    }
    view! {
        <table class="table">
            <caption class="visually-hidden">"How each collector fared"</caption>
            <thead>
                <tr>
                    <th scope="col">"Collector"</th>
                    <th scope="col">"Status"</th>
                    <th scope="col" class="table__number">
                        "Metrics"
                    </th>
                    <th scope="col" class="table__number">
                        "Took"
                    </th>
                </tr>
            </thead>
            <tbody>{runs.iter().map(run_row).collect::<Vec<_>>()}</tbody>
        </table>
    }
    .into_any()
}

fn run_row(run: &CollectorRun) -> impl IntoView + use<> {
    view! {
        <tr>
            <th scope="row" data-label="Collector">
                <code>{run.collector.clone()}</code>
            </th>
            <td data-label="Status">
                {collector_badge(&run.status)}
                {run_detail(run)}
            </td>
            <td data-label="Metrics" class="table__number">
                {grouped(run.metric_count)}
            </td>
            <td data-label="Took" class="table__number">
                {duration(run.duration)}
            </td>
        </tr>
    }
}

fn attempts_table(attempts: Vec<Attempt>) -> impl IntoView {
    if attempts.is_empty() {
        return view! {
            <EmptyState title="No attempt yet">"It is sent with the next delivery."</EmptyState>
        }
        .into_any();
    }
    view! { <AttemptTable caption="Attempts to deliver this batch, newest first" attempts /> }.into_any()
}
