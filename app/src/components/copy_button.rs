//! A button that copies.

use leptos::prelude::*;

use crate::in_browser::use_in_browser;

/// Copies `text`. Only the browser can do that, so without JavaScript the button is not there.
#[component]
pub(crate) fn CopyButton(
    /// What to copy.
    text: String,
    /// What that is, for those who do not see it: `customer id`.
    what: &'static str,
) -> impl IntoView {
    let in_browser = use_in_browser();
    let (copied, set_copied) = signal(false);
    let text = StoredValue::new(text);
    let copy = move |_| text.with_value(|text| browser::copy(text, set_copied));
    view! {
        <button
            class="copy-button"
            type="button"
            hidden=move || !in_browser.get()
            aria-label=format!("Copy {what}")
            on:click=copy
        >
            <span aria-live="polite">{move || if copied.get() { "Copied" } else { "Copy" }}</span>
        </button>
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    use std::time::Duration;

    use leptos::prelude::*;
    use leptos::task::spawn_local;
    use wasm_bindgen_futures::JsFuture;

    const CONFIRMED_FOR: Duration = Duration::from_secs(2);

    /// Copies, and says so for a while. A browser that refuses leaves the button as it is.
    pub(super) fn copy(text: &str, set_copied: WriteSignal<bool>) {
        let written = window().navigator().clipboard().write_text(text);
        spawn_local(async move {
            if JsFuture::from(written).await.is_ok() {
                set_copied.set(true);
                set_timeout(move || set_copied.set(false), CONFIRMED_FOR);
            }
        });
    }
}

#[cfg(not(feature = "hydrate"))]
mod browser {
    use leptos::prelude::WriteSignal;

    pub(super) fn copy(_: &str, _: WriteSignal<bool>) {}
}
