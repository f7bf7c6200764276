//! Points in time.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use crate::format::time;
use crate::now::Now;

/// How far away `at` is; the exact time on hover, and beside it where `exact` is set.
#[component]
pub(crate) fn RelativeTime(
    /// The point in time.
    at: DateTime<Utc>,
    /// Write the exact time beside it?
    #[prop(optional)]
    exact: bool,
) -> impl IntoView {
    let now = use_context::<Now>();
    let distance = move || now.map_or_else(|| time::to_the_minute(at), |now| time::relative(at, now.get()));
    view! {
        <span class="time">
            <time datetime=time::machine(at) title=time::to_the_second(at)>
                {distance}
            </time>
            {exact.then(|| view! { " "<span class="time__exact">{time::to_the_minute(at)}</span> })}
        </span>
    }
}

/// The exact time.
#[component]
pub(crate) fn ExactTime(
    /// The point in time.
    at: DateTime<Utc>,
) -> impl IntoView {
    view! {
        <time class="time__exact" datetime=time::machine(at) title=time::to_the_second(at)>
            {time::to_the_minute(at)}
        </time>
    }
}
