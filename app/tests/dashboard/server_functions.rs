//! The server functions against a made-up install, called as the server calls them but without HTTP.

use std::future::Future;
use std::sync::Arc;

use app::api::{self, ReadBatch, ReadBatches, ReadCollectors, ReadMetricHistory, ReadMetrics, ReadOverview};
use app::backend::Backend;
use app::error::DashboardError;
use app::model::{BatchQuery, BatchState};
use domain::license::LicenseState;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};

use crate::fixtures::{InstallBackend, Story, waiting_batch_id};

/// Calls `ask` within the request context of an install with that story.
fn with_install<T>(story: Story, ask: impl Future<Output = T> + Send + 'static) -> T {
    let owner = Owner::new();
    owner.with(|| {
        provide_context::<Arc<dyn Backend>>(Arc::new(InstallBackend(story)));
        futures::executor::block_on(ScopedFuture::new(ask))
    })
}

#[test]
fn every_answer_carries_the_servers_time() {
    let now = InstallBackend(Story::Healthy).now();
    assert_eq!(with_install(Story::Healthy, api::overview()).unwrap().generated_at, now);
    assert_eq!(with_install(Story::Healthy, api::batches(1, None)).unwrap().generated_at, now);
    assert_eq!(with_install(Story::Healthy, api::batch(waiting_batch_id())).unwrap().generated_at, now);
    assert_eq!(with_install(Story::Healthy, api::metrics()).unwrap().generated_at, now);
    assert_eq!(with_install(Story::Healthy, api::metric_history("total_users".into())).unwrap().generated_at, now);
    assert_eq!(with_install(Story::Healthy, api::collectors()).unwrap().generated_at, now);
}

#[test]
fn the_overview_is_the_state_at_the_time_of_the_answer() {
    for (story, state) in [
        (Story::Healthy, LicenseState::Ok),
        (Story::Failing, LicenseState::Expiring),
        (Story::Expired, LicenseState::Expired),
        (Story::Fresh, LicenseState::Ok),
    ] {
        assert_eq!(with_install(story, api::overview()).unwrap().data.license.status.state, state, "{story:?}");
    }
}

#[test]
fn batches_are_asked_for_by_page_and_state() {
    let page = with_install(Story::Failing, api::batches(1, Some(BatchState::Pending))).unwrap().data;
    assert_eq!(page.query, BatchQuery { page: 1, state: Some(BatchState::Pending) });
    assert_eq!(page.batches.len(), 2);
    assert_eq!(with_install(Story::Failing, api::batches(0, None)).unwrap().data.query.page, 1, "pages begin at 1");
}

#[test]
fn errors_of_the_port_arrive_as_they_are() {
    assert_eq!(with_install(Story::DatabaseAway, api::overview()), Err(DashboardError::Unavailable));
    assert_eq!(with_install(Story::Healthy, api::batch("nonsense".into())), Err(DashboardError::NotFound));
    assert_eq!(with_install(Story::Healthy, api::metric_history("nonsense".into())), Err(DashboardError::NotFound));
    assert_eq!(
        with_install(Story::Broken, api::collectors()),
        Err(DashboardError::Failed { request_id: "req-5f3c1a".into() })
    );
}

#[test]
fn without_a_port_there_is_no_answer() {
    let answer = Owner::new().with(|| futures::executor::block_on(ScopedFuture::new(api::metrics())));
    assert_eq!(answer, Err(DashboardError::Unreachable));
}

#[test]
fn errors_survive_the_way_to_the_browser() {
    for error in [
        DashboardError::Unavailable,
        DashboardError::NotFound,
        DashboardError::Failed { request_id: "r-1".into() },
        DashboardError::Unreachable,
    ] {
        assert_eq!(DashboardError::de(error.ser()), error);
    }
    assert_eq!(DashboardError::de("<html>a proxy's page</html>".into()), DashboardError::Unreachable);
    assert_eq!(
        DashboardError::from_server_fn_error(ServerFnErrorErr::Request("connection refused".into())),
        DashboardError::Unreachable
    );
}

#[test]
fn every_server_function_lives_below_the_dashboard() {
    for path in [
        ReadOverview::PATH,
        ReadBatches::PATH,
        ReadBatch::PATH,
        ReadMetrics::PATH,
        ReadMetricHistory::PATH,
        ReadCollectors::PATH,
    ] {
        assert!(path.starts_with("/admin/api/"), "{path}");
    }
}
