//! The license banner in the browser: what `<ohe-license-banner>` draws once there is something to show.
//!
//! The loader (`loader/license-banner.js`) is the element: it asks for the status and keeps time. It fetches this crate
//! only for a status that warns, and hands it over as it came.

mod banner;
mod language;
mod status;
mod view;
mod wording;

pub use banner::{Banner, style};
