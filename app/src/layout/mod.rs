//! What stands around every page.

mod brand;
mod frame;
mod navigation;

pub(crate) use frame::Layout;
