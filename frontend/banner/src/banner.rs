//! What the loader calls.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::Element;

use crate::status::{Status, digits};
use crate::view::{Draw, draw};
use crate::wording::Warning;

/// The style sheet of the element's shadow root.
#[wasm_bindgen]
pub fn style() -> String {
    include_str!("banner.css").to_owned()
}

/// A banner that is drawn. `free()` takes it away again.
#[wasm_bindgen]
pub struct Banner {
    draw: Draw,
}

#[wasm_bindgen]
impl Banner {
    /// Draws `status`, the parsed reply of `GET /api/license-status`, into `parent`, in the language of the tag `lang`.
    #[wasm_bindgen(constructor)]
    pub fn new(parent: &Element, status: &JsValue, lang: &str) -> Self {
        Self { draw: draw(parent, warning(status, lang)) }
    }

    /// Draws what has changed, and touches nothing else: a screen reader announces each change.
    pub fn update(&mut self, status: &JsValue, lang: &str) {
        (self.draw)(Some(warning(status, lang)));
    }
}

impl Drop for Banner {
    fn drop(&mut self) {
        (self.draw)(None);
    }
}

fn warning(status: &JsValue, lang: &str) -> Warning {
    Warning::new(&Status::read(status), lang, digits)
}
