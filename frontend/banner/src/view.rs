//! The banner itself.

use leptos::prelude::*;
use web_sys::Element;

use crate::wording::Warning;

/// Shows a warning in place of the one before; none takes the banner away.
pub(crate) type Draw = Box<dyn FnMut(Option<Warning>)>;

/// Draws `warning` into `parent`, and gives what draws the next one: whatever has not changed is left untouched.
///
/// Leptos' renderer does it alone. The loader says when something changes, so that nothing here needs signals, and a page
/// is spared the code that would drive them.
pub(crate) fn draw(parent: &Element, warning: Warning) -> Draw {
    let mut drawn = view(warning).build();
    drawn.mount(parent, None);
    Box::new(move |warning| match warning {
        Some(warning) => view(warning).rebuild(&mut drawn),
        None => drawn.unmount(),
    })
}

/// An alert with an icon, a message and a close button. The loader listens to the button.
fn view(warning: Warning) -> impl IntoView {
    view! {
        <div role="alert" lang=warning.lang dir=warning.direction>
            {icon("M12 3 1.5 21h21zM12 9.5v5.5M12 17.8v.4")}
            <p>{warning.message}</p>
            <button type="button" aria-label=warning.close>
                {icon("M6 6l12 12M18 6 6 18")}
            </button>
        </div>
    }
}

/// A drawing of lines. Its path is no literal in the view, because Leptos makes what is nothing but literals by `innerHTML`,
/// which a page can forbid (`require-trusted-types-for`).
fn icon(path: &'static str) -> impl IntoView {
    view! {
        <svg viewBox="0 0 24 24" aria-hidden="true">
            <path d=path />
        </svg>
    }
}
