//! What stands around every page.

mod brand;
mod frame;
mod navigation;
mod sample_page;

pub(crate) use frame::Layout;
pub use sample_page::SamplePage;
