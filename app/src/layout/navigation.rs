//! The way to every page.

use leptos::prelude::*;
use leptos_router::components::A;

use super::sample_page::SamplePageLink;

/// Links to the pages, in the order in which an operator asks: how is it, what was sent, what is in it, where from.
#[component]
pub(super) fn Navigation() -> impl IntoView {
    view! {
        <nav class="navigation" aria-label="Dashboard">
            <ul class="navigation__list">
                <li>
                    <A href="/admin" exact=true attr:class="navigation__link">
                        "Overview"
                    </A>
                </li>
                <li>
                    <A href="/admin/batches" attr:class="navigation__link">
                        "Batches"
                    </A>
                </li>
                <li>
                    <A href="/admin/metrics" attr:class="navigation__link">
                        "Metrics"
                    </A>
                </li>
                <li>
                    <A href="/admin/collectors" attr:class="navigation__link">
                        "Collectors"
                    </A>
                </li>
                <SamplePageLink />
            </ul>
        </nav>
    }
}
