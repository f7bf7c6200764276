//! Where a server keeps its data, and how it treats them.

use std::path::PathBuf;

/// How to run a server. Start from [`Options::temporary`] or [`Options::kept_in`].
#[derive(Debug, Clone)]
pub struct Options {
    pub(crate) directory: Option<PathBuf>,
    pub(crate) durable: bool,
    pub(crate) start_over: bool,
    pub(crate) binaries: Option<PathBuf>,
    pub(crate) settings: Vec<(String, String)>,
}

impl Options {
    /// Data in a new directory below the system's temporary one, removed with the server; not durable.
    pub fn temporary() -> Self {
        Self { directory: None, durable: false, start_over: false, binaries: None, settings: Vec::new() }
    }

    /// Data in `directory`, which is created if need be, belongs to this crate alone, and is found again by the next
    /// server; durable.
    pub fn kept_in(directory: impl Into<PathBuf>) -> Self {
        Self { directory: Some(directory.into()), durable: true, ..Self::temporary() }
    }

    /// Whether what was committed survives a crash of the machine. A crash of the server alone loses nothing but the
    /// commits of its last moments even when this is off.
    #[must_use]
    pub fn durable(self, durable: bool) -> Self {
        Self { durable, ..self }
    }

    /// Whether to remove the data that are kept before the start. A running server's are never removed: the start is refused.
    #[must_use]
    pub fn start_over(self, start_over: bool) -> Self {
        Self { start_over, ..self }
    }

    /// The directory that holds `initdb` and `postgres`, instead of the variable `PRIVATE_POSTGRES_BIN` and of a search.
    #[must_use]
    pub fn binaries(self, directory: impl Into<PathBuf>) -> Self {
        Self { binaries: Some(directory.into()), ..self }
    }

    /// One more of PostgreSQL's own settings, for instance `("timezone", "Asia/Tokyo")`; it wins over this crate's.
    #[must_use]
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }
}
