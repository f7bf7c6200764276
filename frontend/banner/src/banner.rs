//! What the loader calls.

use js_sys::Function;
use leptos::mount::{UnmountHandle, mount_to};
use leptos::prelude::*;
use leptos::tachys::view::any_view::AnyViewState;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::HtmlElement;

use crate::status::{Status, digits};
use crate::view::view;
use crate::wording::Warning;

/// The style sheet of the element's shadow root.
#[wasm_bindgen]
pub fn style() -> String {
    include_str!("banner.css").to_owned()
}

/// A banner that is drawn. `free()` takes it away again.
#[wasm_bindgen]
pub struct Banner {
    warning: ArcRwSignal<Warning>,
    _drawn: UnmountHandle<AnyViewState>,
}

#[wasm_bindgen]
impl Banner {
    /// Draws `status`, the parsed reply of `GET /api/license-status`, into `parent`, in the language of the tag `lang`;
    /// the close button calls `close`.
    #[wasm_bindgen(constructor)]
    pub fn new(parent: HtmlElement, status: &JsValue, lang: &str, close: Function) -> Self {
        let warning = ArcRwSignal::new(Warning::new(&Status::read(status), lang, digits));
        let close = move || {
            // The loader's function does not throw, and there is nobody to tell.
            let _ = close.call0(&JsValue::UNDEFINED);
        };
        let shown = warning.clone();
        Self { warning, _drawn: mount_to(parent, move || view(&shown, close).into_any()) }
    }

    /// Draws what has changed, and touches nothing else: a screen reader announces each change.
    pub fn update(&self, status: &JsValue, lang: &str) {
        let warning = Warning::new(&Status::read(status), lang, digits);
        if *self.warning.read_untracked() != warning {
            self.warning.set(warning);
        }
    }
}
