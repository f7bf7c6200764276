//! The document around the pages.

use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::MetaTags;

use crate::app::App;

/// Where the built files are, as absolute paths such as `/admin/assets/admin.3f9a.css`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assets {
    /// The style sheet.
    pub css: String,
    /// The module that wasm-bindgen wrote.
    pub js: String,
    /// The WASM that the module loads.
    pub wasm: String,
}

/// The icon, in the file's own colours so that it stands on a light and a dark tab.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect \
    width='32' height='32' rx='8' fill='%232f5bea'/%3E%3Cpath d='M6 17h5l3-8 5 15 3-7h4' fill='none' stroke='%23fff' \
    stroke-width='2.6' stroke-linecap='round' stroke-linejoin='round'/%3E%3C/svg%3E";

/// The whole document. Needs Leptos' request context; the one inline script carries the request's nonce, so that
/// `script-src 'self' 'nonce-…' 'wasm-unsafe-eval'` suffices.
pub fn shell(assets: Assets) -> impl IntoView {
    let Assets { css, js, wasm } = assets;
    // Debug formatting quotes and escapes as JavaScript does; the paths are ours and plain ASCII.
    let start = format!("import({js:?}).then(m => m.default({{ module_or_path: {wasm:?} }}).then(() => m.hydrate()));");
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <meta name="robots" content="noindex, nofollow" />
                <link rel="icon" href=ICON />
                <link rel="stylesheet" href=css />
                <link rel="modulepreload" href=js nonce=use_nonce() />
                <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin="anonymous" />
                <script type="module" nonce=use_nonce()>
                    {start}
                </script>
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}
