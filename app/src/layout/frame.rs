//! The frame: navigation at the side, the page beside it.

use leptos::html;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::brand::Brand;
use super::navigation::Navigation;

/// Puts the navigation around a page.
#[component]
pub(crate) fn Layout(
    /// The page.
    children: Children,
) -> impl IntoView {
    let content = NodeRef::<html::Main>::new();
    focus_content_after_navigation(content);
    view! {
        <a class="skip-link" href="#content" rel="external">
            "Skip to content"
        </a>
        <div class="frame">
            <header class="frame__side">
                <Brand />
                <Navigation />
            </header>
            <main class="frame__content" id="content" tabindex="-1" node_ref=content>
                {children()}
            </main>
        </div>
    }
}

/// A page that is loaded anew starts with the focus at its top; one that the router swaps in has to be given it, or a
/// screen reader stays silent.
fn focus_content_after_navigation(content: NodeRef<html::Main>) {
    let path = use_location().pathname;
    Effect::new(move |previous: Option<String>| {
        let current = path.get();
        if previous.is_some_and(|previous| previous != current)
            && let Some(element) = content.get_untracked()
        {
            // Focus is a courtesy: where the browser refuses it, the page works all the same.
            let _ = element.focus();
        }
        current
    });
}
