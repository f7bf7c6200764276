//! A metric's value with its unit.

use domain::metric::MetricValue;
use leptos::prelude::*;

use crate::format::number;

/// The value, or a dash that says that there is none.
#[component]
pub(crate) fn Quantity<'a>(
    /// The value.
    value: Option<MetricValue>,
    /// What one of it is.
    unit: &'a str,
) -> impl IntoView + use<> {
    match value {
        Some(value) => {
            let number::Quantity { text, unit } = number::quantity(&value, unit);
            view! {
                <span class="quantity">
                    <span class="quantity__value">{text}</span>
                    {unit.map(|unit| view! { " "<span class="quantity__unit">{unit}</span> })}
                </span>
            }
            .into_any()
        }
        None => view! { <span class="quantity quantity--absent">"not available"</span> }.into_any(),
    }
}
