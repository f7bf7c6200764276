//! What stands while something loads.

use leptos::prelude::*;

/// Grey bars in place of lines. Shown only while the browser changes pages: the server sends pages complete.
#[component]
pub(crate) fn Skeleton() -> impl IntoView {
    view! {
        <div class="skeleton" role="status">
            <span class="visually-hidden">"Loading"</span>
            <span class="skeleton__bar"></span>
            <span class="skeleton__bar"></span>
            <span class="skeleton__bar"></span>
            <span class="skeleton__bar"></span>
            <span class="skeleton__bar"></span>
        </div>
    }
}
