//! The HTTP status of a page, which only whoever serves it can set.

use std::sync::Arc;

use leptos::prelude::use_context;

/// Sets the HTTP status of the answer in hand. Provided in context by the server for each request; pages that cannot
/// show what they were asked for call it before the first byte is sent.
#[derive(Clone)]
pub struct ResponseStatus(Arc<dyn Fn(u16) + Send + Sync>);

impl ResponseStatus {
    /// Calls `set` with the status.
    pub fn new(set: impl Fn(u16) + Send + Sync + 'static) -> Self {
        Self(Arc::new(set))
    }
}

/// Answers with `status`, if anybody listens.
pub(crate) fn set_response_status(status: u16) {
    if let Some(ResponseStatus(set)) = use_context() {
        set(status);
    }
}
