//! The rules of OHE Telemetry, pure and WASM-safe: nothing here does I/O or reads a clock by itself.

pub mod administrator;
pub mod clock;
pub mod collector;
pub mod delivery;
pub mod license;
pub mod masked_email;
pub mod metric;
pub mod ohe;
pub mod schedule;
