//! What stands where something failed.

use leptos::prelude::*;

use crate::error::DashboardError;

/// Says what failed and what to do. The link loads the page anew, so it works without JavaScript as well.
#[component]
pub(crate) fn ErrorState(
    /// What failed.
    error: DashboardError,
) -> impl IntoView {
    let (title, advice) = words(&error);
    let retry =
        (error != DashboardError::NotFound).then(|| view! { <a class="button" href="" rel="external">"Try again"</a> });
    let request_id = match error {
        DashboardError::Failed { request_id } => Some(request_id),
        _ => None,
    };
    view! {
        <div class="error-state" role="alert">
            <p class="error-state__title">{title}</p>
            <p class="error-state__text">{advice}</p>
            {request_id
                .map(|id| {
                    view! {
                        <p class="error-state__text">
                            "Request id: " <code class="error-state__code">{id}</code>
                        </p>
                    }
                })}
            {retry}
        </div>
    }
}

fn words(error: &DashboardError) -> (&'static str, &'static str) {
    match error {
        DashboardError::Unavailable => (
            "The database cannot be reached",
            "Nothing is lost: collection and delivery go on when it is back. If it stays away, check that PostgreSQL \
             runs and that DATABASE_URL, or DB_HOST and the other DB_ variables, point to it.",
        ),
        DashboardError::NotFound => {
            ("There is nothing at this address", "It may have been mistyped, or the link is older than what it led to.")
        }
        DashboardError::Malformed { .. } => (
            "The address is not understood",
            "A part of it has a value that this page does not know. Choose one on the page.",
        ),
        DashboardError::Failed { .. } => {
            ("The request failed", "The service's log has the cause; look for the request id below.")
        }
        DashboardError::Unreachable => {
            ("The service did not answer", "It may be restarting, or the connection to it broke.")
        }
    }
}
