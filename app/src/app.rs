//! Which page stands at which address.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::components::{Route, Router, Routes};
use leptos_router::{SsrMode, path};

use crate::layout::Layout;
use crate::pages::{BatchPage, BatchesPage, CollectorsPage, MetricPage, MetricsPage, NotFoundPage, OverviewPage};

/// The dashboard below `/admin`.
///
/// Every page is sent when its data are there, so that it reads complete without JavaScript and its HTTP status is true.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Title formatter=|title: String| format!("{title} · OHE Telemetry") />
        <Router>
            <Layout>
                <Routes fallback=NotFoundPage>
                    <Route path=path!("/admin") view=OverviewPage ssr=SsrMode::Async />
                    <Route path=path!("/admin/batches") view=BatchesPage ssr=SsrMode::Async />
                    <Route path=path!("/admin/batches/:id") view=BatchPage ssr=SsrMode::Async />
                    <Route path=path!("/admin/metrics") view=MetricsPage ssr=SsrMode::Async />
                    <Route path=path!("/admin/metrics/:key") view=MetricPage ssr=SsrMode::Async />
                    <Route path=path!("/admin/collectors") view=CollectorsPage ssr=SsrMode::Async />
                    <Route path=path!("/admin/*any") view=NotFoundPage ssr=SsrMode::Async />
                </Routes>
            </Layout>
        </Router>
    }
}
