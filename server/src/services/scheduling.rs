//! What is due, from the facts in the database.

use chrono::{DateTime, Utc};
use domain::schedule::{Due, Schedule, due, due_after_spread};
use store::{Identity, Store, StoreError};

use crate::config::ScheduleConfig;

/// Applies the schedule of this install to its state.
#[derive(Debug, Clone)]
pub struct SchedulingService {
    store: Store,
    config: ScheduleConfig,
}

impl SchedulingService {
    /// The schedule of `config` over the state in `store`.
    pub fn new(store: Store, config: ScheduleConfig) -> Self {
        Self { store, config }
    }

    /// What is due at `now`: a slot from the time that the schedule names.
    ///
    /// # Errors
    /// [`StoreError`] where the facts cannot be read.
    pub async fn due(&self, now: DateTime<Utc>) -> Result<Vec<Due>, StoreError> {
        let state = self.store.facts(now).await?.schedule_state();
        Ok(due(now, &state, &self.schedule().await?))
    }

    /// What the scheduler of this install acts on at `now`: a slot once the spread has passed since.
    ///
    /// # Errors
    /// [`StoreError`] where the facts cannot be read.
    pub async fn due_after_spread(&self, now: DateTime<Utc>) -> Result<Vec<Due>, StoreError> {
        let state = self.store.facts(now).await?.schedule_state();
        Ok(due_after_spread(now, &state, &self.schedule().await?))
    }

    /// The schedule with this install's own spread, which follows from its cluster id.
    ///
    /// # Errors
    /// [`StoreError`] where the cluster id cannot be read.
    pub async fn schedule(&self) -> Result<Schedule, StoreError> {
        Ok(self.schedule_of(&self.store.identity().await?))
    }

    /// The same, for who knows the identity already.
    pub fn schedule_of(&self, identity: &Identity) -> Schedule {
        self.config.schedule(install_seed(&identity.cluster_id))
    }
}

/// A number that is this install's own: the first 16 hexadecimal digits of its cluster id.
fn install_seed(cluster_id: &str) -> u64 {
    cluster_id
        .chars()
        .filter_map(|digit| digit.to_digit(16))
        .take(16)
        .fold(0, |seed, digit| seed << 4 | u64::from(digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_is_the_installs_own_and_does_not_depend_on_spelling() {
        assert_eq!(install_seed("00000000000000ff"), 255);
        assert_eq!(install_seed("0000-0000-0000-00FF"), 255);
        assert_ne!(install_seed("0035969ec53f6e7f0fb4"), install_seed("0035969ec53f6e700fb4"));
        assert_eq!(install_seed(""), 0);
    }
}
