//! What stands where nothing is there yet.

use leptos::prelude::*;

/// Says that there is nothing, and what brings something.
#[component]
pub(crate) fn EmptyState(
    /// What is not there.
    #[prop(into)]
    title: String,
    /// Why, and what comes next.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="empty-state">
            <p class="empty-state__title">{title}</p>
            <p class="empty-state__text">{children()}</p>
        </div>
    }
}
