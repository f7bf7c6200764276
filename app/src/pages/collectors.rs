//! Where the metrics come from.

use domain::ohe::{Generation, OheDatabase};
use leptos::prelude::*;
use leptos_meta::Title;

use crate::api;
use crate::components::{EmptyState, Loaded, PageHeader, RelativeTime, collector_badge, run_detail};
use crate::format::duration::duration;
use crate::format::number::count;
use crate::model::{CollectorList, CollectorSummary, LastRun, TableRead};

/// Every collector: what it reads, and how it last fared.
#[component]
pub(crate) fn CollectorsPage() -> impl IntoView {
    let collectors = Resource::new_blocking(|| (), |()| api::collectors());
    view! {
        <Title text="Collectors" />
        <PageHeader title="Collectors">
            "Each reads a few columns of OpenHands' database, in one read-only transaction, and turns them into numbers."
        </PageHeader>
        <Loaded answer=collectors render=draw />
    }
}

fn draw(list: CollectorList) -> AnyView {
    if list.collectors.is_empty() {
        return view! {
            <div class="panel">
                <EmptyState title="No collector">"This program was built without any, so it has nothing to send."</EmptyState>
            </div>
        }
        .into_any();
    }
    view! {
        {list.database.map(database_facts)}
        <div class="collectors">{list.collectors.into_iter().map(collector).collect::<Vec<_>>()}</div>
    }
    .into_any()
}

/// What the last collection found: why some metrics are there and others are not.
fn database_facts(database: OheDatabase) -> impl IntoView {
    let generation = match database.generation {
        Generation::Settings => "Before 2026 (settings)",
        Generation::Orgs => "Since 2026 (orgs)",
    };
    view! {
        <dl class="facts">
            <div>
                <dt>"OpenHands' database"</dt>
                <dd>{generation}</dd>
            </div>
            <div>
                <dt>"Revision"</dt>
                <dd>{database.revision.unwrap_or_else(|| "Not readable".to_owned())}</dd>
            </div>
            <div>
                <dt>"Answers"</dt>
                <dd>{format!("{} of {} metrics", database.answerable, database.known)}</dd>
            </div>
        </dl>
    }
}

fn collector(collector: CollectorSummary) -> impl IntoView {
    let CollectorSummary { name, reads, declared_metrics, last_run } = collector;
    let (badge, run) = match last_run {
        Some(last) => (collector_badge(&last.run.status).into_any(), run_facts(last, declared_metrics).into_any()),
        None => (
            ().into_any(),
            view! {
                <p class="collector__note">
                    "Did not run yet. It declares " {count(u64::from(declared_metrics), "metric", "metrics")} "."
                </p>
            }
            .into_any(),
        ),
    };
    view! {
        <section class="panel">
            <div class="panel__head">
                <h2 class="panel__title">
                    <code>{name}</code>
                </h2>
                <div class="panel__aside">{badge}</div>
            </div>
            {run}
            {reads_list(reads)}
        </section>
    }
}

fn run_facts(last: LastRun, declared_metrics: u32) -> impl IntoView {
    let LastRun { batch, run } = last;
    view! {
        {run_detail(&run)}
        <dl class="facts facts--inside">
            <div>
                <dt>"Last run"</dt>
                <dd>
                    <a href=format!("/admin/batches/{}", batch.id)>
                        <RelativeTime at=batch.collected_at />
                    </a>
                </dd>
            </div>
            <div>
                <dt>"Took"</dt>
                <dd>{duration(run.duration)}</dd>
            </div>
            <div>
                <dt>"Metrics"</dt>
                <dd>{format!("{} of {declared_metrics}", run.metric_count)}</dd>
            </div>
        </dl>
    }
}

fn reads_list(reads: Vec<TableRead>) -> impl IntoView {
    let table = |read: TableRead| {
        view! {
            <div class="collector__table">
                <dt>
                    <code>{read.table}</code>
                </dt>
                <dd>{read.columns.join(", ")}</dd>
            </div>
        }
    };
    // In a generation of OHE's database that knows none of its metrics, a collector reads nothing.
    (!reads.is_empty()).then(|| {
        view! {
            <h3 class="collector__label">"Reads"</h3>
            <dl class="collector__reads">{reads.into_iter().map(table).collect::<Vec<_>>()}</dl>
        }
    })
}
