//! All collectors there are, and the dictionary of their metrics.

use std::fmt;

use domain::metric::{Dictionary, DictionaryError, MetricDeclaration};

use crate::collector::{MetricsCollector, Registration};

/// Collectors that fit together, in the order of their names.
pub struct Registry {
    collectors: Vec<&'static dyn MetricsCollector>,
    dictionary: Dictionary,
}

impl Registry {
    /// All collectors that registered themselves.
    ///
    /// # Errors
    /// Where they contradict each other, as by declaring the same key; with every fault there is.
    pub fn load() -> Result<Self, DictionaryError> {
        Self::new(inventory::iter::<Registration>().map(|registration| registration.0))
    }

    /// These collectors alone.
    ///
    /// # Errors
    /// As [`Registry::load`].
    pub fn new(collectors: impl IntoIterator<Item = &'static dyn MetricsCollector>) -> Result<Self, DictionaryError> {
        let mut collectors: Vec<_> = collectors.into_iter().collect();
        // The linker decides the order of registration.
        collectors.sort_by_key(|collector| collector.name());
        let declarations: Vec<(_, Vec<MetricDeclaration>)> =
            collectors.iter().map(|collector| (collector.name(), collector.declarations())).collect();
        let dictionary = Dictionary::new(declarations.iter().map(|(name, list)| (*name, list.as_slice())))?;
        Ok(Self { collectors, dictionary })
    }

    /// The collectors, by name.
    pub fn collectors(&self) -> &[&'static dyn MetricsCollector] {
        &self.collectors
    }

    /// The collectors' names, in order.
    pub fn names(&self) -> Vec<&'static str> {
        self.collectors.iter().map(|collector| collector.name()).collect()
    }

    /// Every metric there is.
    pub fn dictionary(&self) -> &Dictionary {
        &self.dictionary
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("collectors", &self.names()).finish_non_exhaustive()
    }
}
