//! An address at which there is nothing.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::components::ErrorState;
use crate::error::DashboardError;

/// Says so, with the status 404.
#[component]
pub(crate) fn NotFoundPage() -> impl IntoView {
    #[cfg(feature = "ssr")]
    crate::response_status::set_response_status(DashboardError::NotFound.http_status());
    view! {
        <Title text="Not found" />
        <h1 class="visually-hidden">"Not found"</h1>
        <ErrorState error=DashboardError::NotFound />
    }
}
