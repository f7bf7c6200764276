//! The dashboard: Leptos pages and components, drawn on the server and taken over in the browser.
//!
//! The pages call the server functions in [`api`], the server functions call the port in [`backend`], and whoever
//! serves the dashboard implements that port and provides it in Leptos' context.

// A page is one nested type, which grows beyond the default where nothing is erased, as in a release.
#![recursion_limit = "256"]
#![expect(
    unreachable_pub,
    reason = "`#[component]` declares what it generates `pub`, whatever the component's visibility"
)]

mod administrator_text;
pub mod api;
mod app;
#[cfg(feature = "ssr")]
pub mod backend;
mod chart;
mod components;
pub mod error;
mod format;
mod in_browser;
mod layout;
mod license_text;
pub mod model;
mod now;
mod pages;
#[cfg(feature = "ssr")]
mod response_status;
#[cfg(feature = "ssr")]
mod shell;

pub use app::App;
pub use layout::SamplePage;
#[cfg(feature = "ssr")]
pub use response_status::ResponseStatus;
#[cfg(feature = "ssr")]
pub use shell::{Assets, shell};
