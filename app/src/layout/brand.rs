//! The name and the mark.

use leptos::prelude::*;

/// The mark and the name, a link to the first page.
#[component]
pub(super) fn Brand() -> impl IntoView {
    view! {
        <a class="brand" href="/admin">
            <svg class="brand__mark" viewBox="0 0 32 32" aria-hidden="true">
                <rect width="32" height="32" rx="8" />
                <path d="M6 17h5l3-8 5 15 3-7h4" />
            </svg>
            <span class="brand__name">"OHE Telemetry"</span>
        </a>
    }
}
