//! Whether the clocks agree: schedules and the license rule go by this machine's.

use std::sync::Arc;

use chrono::TimeDelta;
use domain::clock::{Clock, is_off};
use store::{Store, StoreError};
use tracing::warn;

/// Compares this machine's clock with the others that are known.
#[derive(Debug, Clone)]
pub struct ClockService {
    store: Store,
    clock: Arc<dyn Clock>,
}

/// How far other clocks are ahead of this machine's; negative where they are behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockOffsets {
    /// The database's, now.
    pub database: TimeDelta,
    /// The vendor's, at its last reply; none before the first.
    pub vendor: Option<TimeDelta>,
}

impl ClockOffsets {
    /// The clocks that are too far off, with their offsets.
    pub fn off(&self) -> impl Iterator<Item = (&'static str, TimeDelta)> {
        [("database", Some(self.database)), ("vendor", self.vendor)]
            .into_iter()
            .filter_map(|(name, offset)| Some((name, offset.filter(|&offset| is_off(offset))?)))
    }
}

impl ClockService {
    /// Compares with `clock`.
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// How far the other clocks are off.
    ///
    /// # Errors
    /// [`StoreError`] where the database does not tell.
    pub async fn offsets(&self) -> Result<ClockOffsets, StoreError> {
        let database = self.store.database_now().await? - self.clock.now();
        Ok(ClockOffsets { database, vendor: self.store.vendor_clock_offset().await? })
    }

    /// Logs each clock that is too far off.
    ///
    /// # Errors
    /// [`StoreError`] where the database does not tell.
    pub async fn check(&self) -> Result<(), StoreError> {
        for (clock, offset) in self.offsets().await?.off() {
            let seconds = offset.num_seconds();
            warn!(
                clock,
                ahead_by_seconds = seconds,
                "this machine's clock and another disagree; schedule and license go by this machine's"
            );
        }
        Ok(())
    }
}
