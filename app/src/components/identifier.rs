//! An id that people copy.

use leptos::prelude::*;

use super::CopyButton;

/// The id, whole, and a button to copy it.
#[component]
pub(crate) fn Identifier(
    /// The id.
    id: String,
    /// What it identifies: `customer id`.
    what: &'static str,
) -> impl IntoView {
    view! {
        <span class="identifier">
            <code class="identifier__text">{id.clone()}</code>
            <CopyButton text=id what />
        </span>
    }
}
