//! The demo's page that looks like one of OHE's.

use leptos::prelude::*;
use leptos::server::SharedValue;

/// Context of a server that has a sample page of OHE at `/sample`, with the license banner on it.
#[derive(Debug, Clone, Copy)]
pub struct SamplePage;

/// The way there, where there is one.
#[component]
pub(super) fn SamplePageLink() -> impl IntoView {
    // The server alone knows; the browser must draw the same.
    let is_there = SharedValue::new(|| use_context::<SamplePage>().is_some()).into_inner();
    is_there.then(|| {
        view! {
            <li>
                <a class="navigation__link" href="/sample" rel="external">
                    "Sample OHE page"
                </a>
            </li>
        }
    })
}
