//! Moving through a long list.

use leptos::prelude::*;

use crate::format::number::grouped;

/// Where one is in the list, and links to the neighbours. Nothing where all fits on one page.
#[component]
pub(crate) fn Pagination(
    /// Counted from 1.
    page: u32,
    /// Entries on a full page.
    page_size: u32,
    /// Entries on all pages.
    total: u64,
    /// The address of a page.
    href: impl Fn(u32) -> String,
) -> impl IntoView {
    let last_page = total.div_ceil(u64::from(page_size.max(1)));
    let first = u64::from(page.saturating_sub(1)) * u64::from(page_size) + 1;
    let last = (first + u64::from(page_size) - 1).min(total);
    let newer = (page > 1).then(|| href(page - 1));
    let older = (u64::from(page) < last_page).then(|| href(page + 1));
    (last_page > 1 && first <= total).then(|| {
        view! {
            <nav class="pagination" aria-label="Pages">
                <p class="pagination__position">
                    {format!("{}–{} of {}", grouped(first), grouped(last), grouped(total))}
                </p>
                <div class="pagination__links">
                    {newer.map(|href| view! { <a class="button button--small" rel="prev" href=href>"Newer"</a> })}
                    {older.map(|href| view! { <a class="button button--small" rel="next" href=href>"Older"</a> })}
                </div>
            </nav>
        }
    })
}
