//! How numbers, times and JSON read. Pure, so that the server and the browser write the same text.

pub(crate) mod duration;
pub(crate) mod json;
pub(crate) mod number;
pub(crate) mod time;
