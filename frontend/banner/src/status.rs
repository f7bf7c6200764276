//! The reply of `GET /api/license-status`, as far as the banner needs it.

use js_sys::Reflect;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// A status that warns.
#[derive(Debug, Clone, Default)]
pub(crate) struct Status {
    /// The word of the state, for instance `expiring`; empty where the server does not say.
    pub(crate) state: String,
    /// The server's own words, in English.
    pub(crate) message: String,
    /// Days until the license ends; `None` if the server does not say.
    pub(crate) days: Option<u32>,
}

#[wasm_bindgen]
extern "C" {
    /// A number of JavaScript.
    #[wasm_bindgen(extends = js_sys::Object)]
    type Number;

    /// Throws where `locale` is no language tag. (`js_sys` has it without the catch.)
    #[wasm_bindgen(method, catch, js_name = toLocaleString)]
    fn to_locale_string(this: &Number, locale: &str) -> Result<String, JsValue>;
}

impl Status {
    /// Takes what it knows from the parsed JSON; a member that is missing or of another type is none.
    pub(crate) fn read(json: &JsValue) -> Self {
        let member = |name: &str| Reflect::get(json, &JsValue::from_str(name)).unwrap_or_default();
        let text = |name| member(name).as_string().unwrap_or_default();
        let days = member("days_until_expiration").as_f64();
        // A number beyond the range is cut to it, which is what is wanted.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked or cut to the range")]
        let days = days.filter(|days| *days >= 0.0).map(|days| days as u32);
        Self { state: text("state"), message: text("message"), days }
    }
}

/// The digits of `number` as a reader of `lang` expects them: Arabic has its own, except in the west.
pub(crate) fn digits(number: u32, lang: &str) -> Option<String> {
    let number: Number = wasm_bindgen::JsCast::unchecked_into(JsValue::from(number));
    number.to_locale_string(lang).ok()
}
