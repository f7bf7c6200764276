//! A trend at the size of a word.

use leptos::prelude::*;

use crate::chart::plot::sparkline;

const WIDTH: f64 = 96.0;
const HEIGHT: f64 = 24.0;
const MARGIN: f64 = 2.0;

/// A small line through `values`, oldest first. It only illustrates the number that it stands beside, so it is hidden
/// from screen readers.
#[component]
pub(crate) fn Sparkline<'a>(
    /// The values.
    values: &'a [f64],
) -> impl IntoView + use<> {
    sparkline(values, WIDTH, HEIGHT, MARGIN).map(|line| {
        view! {
            <svg class="sparkline" viewBox=format!("0 0 {WIDTH} {HEIGHT}") aria-hidden="true">
                <path d=line />
            </svg>
        }
    })
}
