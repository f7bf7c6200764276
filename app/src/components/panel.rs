//! A bordered part of a page.

use leptos::prelude::*;

/// A section under a heading.
#[component]
pub(crate) fn Panel(
    /// The heading.
    #[prop(into)]
    title: String,
    /// What stands at the right of the heading.
    #[prop(optional, into)]
    aside: Option<AnyView>,
    /// The content.
    children: Children,
) -> impl IntoView {
    view! {
        <section class="panel">
            <div class="panel__head">
                <h2 class="panel__title">{title}</h2>
                {aside.map(|aside| view! { <div class="panel__aside">{aside}</div> })}
            </div>
            {children()}
        </section>
    }
}
