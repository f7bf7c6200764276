//! Whether JavaScript runs.

use leptos::prelude::*;

/// False on the server and while hydrating, then true: for what is of use in a running browser alone.
pub(crate) fn use_in_browser() -> ReadSignal<bool> {
    let (in_browser, set_in_browser) = signal(false);
    Effect::new(move || set_in_browser.set(true));
    in_browser
}
