//! Attempts to deliver: when, what came of each, and how long it took.

use leptos::prelude::*;

use super::{ExactTime, RelativeTime, attempt_badge};
use crate::format::duration::duration;
use crate::model::Attempt;

/// A table of attempts, in the order given.
#[component]
pub(crate) fn AttemptTable(
    /// What the table holds, for those who cannot see where it stands.
    caption: &'static str,
    /// The attempts.
    attempts: Vec<Attempt>,
    /// Does each row lead to its batch?
    #[prop(optional)]
    linked: bool,
) -> impl IntoView {
    let rows = attempts.into_iter().map(|attempt| row(attempt, linked)).collect::<Vec<_>>();
    view! {
        <table class="table">
            <caption class="visually-hidden">{caption}</caption>
            <thead>
                <tr>
                    <th scope="col">"Attempt"</th>
                    <th scope="col">"Outcome"</th>
                    <th scope="col" class="table__number">
                        "HTTP"
                    </th>
                    <th scope="col" class="table__number">
                        "Took"
                    </th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
}

fn row(attempt: Attempt, linked: bool) -> impl IntoView {
    let status = attempt.http_status.map_or_else(|| "no reply".to_owned(), |status| status.to_string());
    let when = view! { <RelativeTime at=attempt.started_at /> };
    let when = if linked {
        view! { <a href=format!("/admin/batches/{}", attempt.batch_id)>{when}</a> }.into_any()
    } else {
        when.into_any()
    };
    view! {
        <tr>
            <th scope="row" data-label="Attempt">
                {when}
                <ExactTime at=attempt.started_at />
            </th>
            <td data-label="Outcome">
                {attempt_badge(attempt.outcome)}
                {attempt.error.map(|error| view! { <span class="table__detail">{error}</span> })}
            </td>
            <td data-label="HTTP" class="table__number">
                {status}
            </td>
            <td data-label="Took" class="table__number">
                {duration(attempt.duration)}
            </td>
        </tr>
    }
}
