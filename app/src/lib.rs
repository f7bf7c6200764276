//! The dashboard: Leptos pages and components, drawn on the server and taken over in the browser.
//!
//! The pages call server functions, the server functions call the port in [`backend`], and whoever serves the
//! dashboard implements that port.

#[cfg(feature = "ssr")]
pub mod backend;
mod chart;
pub mod error;
mod format;
pub mod model;
