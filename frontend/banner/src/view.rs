//! The banner itself. Its style sheet is the loader's, which draws the same parts where WASM cannot run.

use leptos::prelude::*;

use crate::wording::Warning;

/// An alert with an icon, a message and a close button that calls `close`.
pub(crate) fn view(warning: &ArcRwSignal<Warning>, close: impl Fn() + 'static) -> impl IntoView {
    let part = |of: fn(&Warning) -> String| {
        let warning = warning.clone();
        move || of(&warning.read())
    };
    view! {
        <div role="alert" lang=part(|warning| warning.lang.to_owned()) dir=part(|warning| warning.direction.to_owned())>
            <svg viewBox="0 0 24 24" aria-hidden="true">
                <path d="M12 3 1.5 21h21zM12 9.5v5.5M12 17.8v.4" />
            </svg>
            <p>{part(|warning| warning.message.clone())}</p>
            <button type="button" aria-label=part(|warning| warning.close.to_owned()) on:click=move |_| close()>
                <svg viewBox="0 0 24 24" aria-hidden="true">
                    <path d="M6 6l12 12M18 6 6 18" />
                </svg>
            </button>
        </div>
    }
}
