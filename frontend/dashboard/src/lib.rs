//! The dashboard in the browser: hydrates the pages of app.

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// The browser's own timeline, where a developer's tools show the mark and a test can wait for it.
    #[wasm_bindgen(js_namespace = performance)]
    fn mark(name: &str);
}

/// Takes over the page that the server has drawn. The document's script calls it once the WASM is there.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
    mark("hydrated");
}
