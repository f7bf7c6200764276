//! The top of a page.

use leptos::prelude::*;

/// The heading, and what the page is about.
#[component]
pub(crate) fn PageHeader(
    /// The heading.
    #[prop(into)]
    title: String,
    /// The page above, and its address.
    #[prop(optional)]
    parent: Option<(&'static str, &'static str)>,
    /// One or two sentences.
    children: Children,
) -> impl IntoView {
    view! {
        <header class="page-header">
            {parent
                .map(|(name, href)| {
                    view! {
                        <nav class="page-header__parent" aria-label="Breadcrumb">
                            <a href=href>{name}</a>
                        </nav>
                    }
                })} <h1 class="page-header__title">{title}</h1>
            <p class="page-header__text">{children()}</p>
        </header>
    }
}
