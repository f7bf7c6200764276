//! JSON to read, to copy and to keep.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leptos::prelude::*;

use super::CopyButton;
use crate::format::json::{TokenKind, indent};

/// The text indented and coloured. What is copied and downloaded is the text itself, byte for byte.
#[component]
pub(crate) fn Json(
    /// The text.
    text: String,
    /// What the downloaded file is called.
    file_name: String,
) -> impl IntoView {
    let tokens: Vec<_> =
        indent(&text).into_iter().map(|token| view! { <span class=class(token.kind)>{token.text}</span> }).collect();
    let href = format!("data:application/json;base64,{}", STANDARD.encode(&text));
    view! {
        <div class="json">
            <div class="json__actions">
                <a class="button button--small" href=href download=file_name rel="external">
                    "Download"
                </a>
                <CopyButton text what="JSON" />
            </div>
            <pre class="json__text" tabindex="0" aria-label="JSON">
                <code>{tokens}</code>
            </pre>
        </div>
    }
}

fn class(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::Key => "json__key",
        TokenKind::Text => "json__string",
        TokenKind::Scalar => "json__scalar",
        TokenKind::Punctuation => "json__punctuation",
    }
}
