//! The four states of whatever is asked of the server.

use leptos::prelude::*;

use super::{ErrorState, Skeleton};
use crate::error::DashboardError;
use crate::model::Answer;
use crate::now::provide_now;

/// Draws the answer with `render` when it is there, a skeleton before, and the error if it is one. `render` draws the
/// empty state, as only it knows what empty is. While an answer is asked for again the last one stays.
#[component]
pub(crate) fn Loaded<T>(
    /// What is asked for.
    answer: Resource<Result<Answer<T>, DashboardError>>,
    /// Draws it.
    render: fn(T) -> AnyView,
    /// The heading to show until, and unless, `render` draws it.
    #[prop(optional)]
    heading: Option<&'static str>,
) -> impl IntoView
where
    T: Clone + Send + Sync + 'static,
{
    let title = move || heading.map(|heading| view! { <h1 class="visually-hidden">{heading}</h1> });
    view! {
        <Transition fallback=move || view! { {title()} <Skeleton /> }>
            {move || Suspend::new(async move {
                match answer.await {
                    Ok(Answer { generated_at, data }) => {
                        provide_now(generated_at);
                        render(data)
                    }
                    Err(error) => {
                        #[cfg(feature = "ssr")]
                        crate::response_status::set_response_status(error.http_status());
                        view! { {title()} <ErrorState error /> }.into_any()
                    }
                }
            })}
        </Transition>
    }
}
