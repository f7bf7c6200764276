//! The list of batches.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::api;
use crate::components::{EmptyState, ExactTime, Loaded, PageHeader, Pagination, RelativeTime, batch_badge};
use crate::format::duration::duration;
use crate::format::number::grouped;
use crate::model::{BatchCounts, BatchPage, BatchQuery, BatchState, BatchSummary};

/// Every batch, newest first, all or those in one state.
#[component]
pub(crate) fn BatchesPage() -> impl IntoView {
    let address = use_query_map();
    let query = Memo::new(move |_| address.with(|map| query(map.get_str("page"), map.get_str("state"))));
    let batches = Resource::new_blocking(move || query.get(), |BatchQuery { page, state }| api::batches(page, state));
    view! {
        <Title text="Batches" />
        <PageHeader title="Batches">
            "One batch is one collection run. It waits until the vendor has taken it, and stays readable afterwards."
        </PageHeader>
        <Loaded answer=batches render=draw />
    }
}

/// What the address asks for. Nonsense asks for the first page of all.
fn query(page: Option<&str>, state: Option<&str>) -> BatchQuery {
    BatchQuery {
        page: page.and_then(|page| page.parse().ok()).unwrap_or(1).max(1),
        state: state.and_then(BatchState::from_word),
    }
}

/// The address that asks for `query`.
fn href(query: BatchQuery) -> String {
    match (query.state, query.page) {
        (None, ..=1) => "/admin/batches".to_owned(),
        (None, page) => format!("/admin/batches?page={page}"),
        (Some(state), ..=1) => format!("/admin/batches?state={}", state.word()),
        (Some(state), page) => format!("/admin/batches?state={}&page={page}", state.word()),
    }
}

fn draw(page: BatchPage) -> AnyView {
    let BatchPage { batches, query, page_size, counts } = page;
    let list = if batches.is_empty() { nothing(query, counts).into_any() } else { table(batches).into_any() };
    view! {
        {filter(query.state, counts)}
        <div class="panel">{list}</div>
        <Pagination
            page=query.page
            page_size
            total=counts.of(query.state)
            href=move |page| href(BatchQuery { page, ..query })
        />
    }
    .into_any()
}

fn filter(chosen: Option<BatchState>, counts: BatchCounts) -> impl IntoView {
    let states = [None, Some(BatchState::Pending), Some(BatchState::Delivered), Some(BatchState::SetAside)];
    let link = |state: Option<BatchState>| {
        view! {
            <li>
                <a
                    class="filter__link"
                    href=href(BatchQuery { page: 1, state })
                    aria-current=(state == chosen).then_some("true")
                >
                    {name(state)}
                    " "
                    <span class="filter__count">{grouped(counts.of(state))}</span>
                </a>
            </li>
        }
    };
    view! {
        <nav aria-label="Filter by state">
            <ul class="filter">{states.map(link)}</ul>
        </nav>
    }
}

fn name(state: Option<BatchState>) -> &'static str {
    match state {
        None => "All",
        Some(BatchState::Pending) => "Pending",
        Some(BatchState::Delivered) => "Delivered",
        Some(BatchState::SetAside) => "Set aside",
    }
}

fn nothing(query: BatchQuery, counts: BatchCounts) -> impl IntoView {
    let (title, text) = match query.state {
        _ if counts.of(query.state) > 0 => ("This page is beyond the last", "Choose a state above to begin anew."),
        None => (
            "No batch yet",
            "The first collection runs by itself within 3 minutes of the first administrator's e-mail address \
             becoming known.",
        ),
        Some(BatchState::Pending) => ("No batch waits", "Everything that was collected is delivered or set aside."),
        Some(BatchState::Delivered) => {
            ("Nothing was delivered yet", "The first delivery follows the first collection.")
        }
        Some(BatchState::SetAside) => ("No batch was set aside", "The vendor refused none for its content."),
    };
    view! { <EmptyState title>{text}</EmptyState> }
}

fn table(batches: Vec<BatchSummary>) -> impl IntoView {
    view! {
        <table class="table">
            <caption class="visually-hidden">"Batches, newest first"</caption>
            <thead>
                <tr>
                    <th scope="col">"Collected"</th>
                    <th scope="col">"State"</th>
                    <th scope="col" class="table__number">
                        "Metrics"
                    </th>
                    <th scope="col" class="table__number">
                        "Attempts"
                    </th>
                    <th scope="col">"Last error"</th>
                </tr>
            </thead>
            <tbody>{batches.into_iter().map(row).collect::<Vec<_>>()}</tbody>
        </table>
    }
}

fn row(batch: BatchSummary) -> impl IntoView {
    let delay = batch.delivered_at.and_then(|at| (at - batch.collected_at).to_std().ok());
    let error = match batch.last_error {
        Some(error) => view! { <td data-label="Last error" class="batches__error">{error}</td> }.into_any(),
        None => view! { <td data-label="Last error" class="table__absent">"none"</td> }.into_any(),
    };
    view! {
        <tr>
            <th scope="row" data-label="Collected">
                <a href=format!("/admin/batches/{}", batch.id)>
                    <RelativeTime at=batch.collected_at />
                </a>
                <ExactTime at=batch.collected_at />
            </th>
            <td data-label="State">
                {batch_badge(batch.state)}
                {delay.map(|delay| view! { " "<span class="batches__delay">{format!("after {}", duration(delay))}</span> })}
            </td>
            <td data-label="Metrics" class="table__number">
                {grouped(batch.metric_count)}
            </td>
            <td data-label="Attempts" class="table__number">
                {grouped(batch.attempts)}
            </td>
            {error}
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_and_its_query_lead_to_each_other() {
        for (page, state, address) in [
            (1, None, "/admin/batches"),
            (3, None, "/admin/batches?page=3"),
            (1, Some(BatchState::SetAside), "/admin/batches?state=set_aside"),
            (2, Some(BatchState::Pending), "/admin/batches?state=pending&page=2"),
        ] {
            assert_eq!(href(BatchQuery { page, state }), address);
            assert_eq!(query(Some(&page.to_string()), state.map(BatchState::word)), BatchQuery { page, state });
        }
    }

    #[test]
    fn nonsense_in_the_address_asks_for_the_first_page_of_all() {
        for (page, state) in [(None, None), (Some("0"), Some("")), (Some("-1"), Some("lost")), (Some("x"), Some("ok"))]
        {
            assert_eq!(query(page, state), BatchQuery { page: 1, state: None });
        }
    }
}
