//! What holds in every life.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use crate::install::Install;
use crate::life::{any_life, healthy_life};

/// The condition in its own words, from the batches themselves: one has waited for longer than the threshold, and none was
/// delivered within it.
fn is_at_stake(install: &Install, now: DateTime<Utc>) -> bool {
    let threshold = TimeDelta::days(i64::from(install.threshold_days));
    let mut delivered = install.batches.iter().filter_map(|batch| batch.uploaded_at);
    install.pending().any(|batch| now - batch.collected_at > threshold) && !delivered.any(|at| now - at <= threshold)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_warning_shows_if_and_only_if_the_license_is_at_stake(life in any_life()) {
        let install = life.live(TimeDelta::days(life.days), |install, now| {
            prop_assert_eq!(install.license(now).warn, is_at_stake(install, now), "at {}", now);
            Ok(())
        })?;
        // A batch with a part of the metrics counts like any other; one without any does not exist.
        prop_assert!(install.batches.iter().all(|batch| batch.metrics > 0));
    }

    #[test]
    fn an_install_that_delivers_never_warns_at_no_minute_of_any_week(life in healthy_life()) {
        let install = life.live(TimeDelta::days(life.days), |install, now| {
            prop_assert!(!install.license(now).warn, "at {}: {:?}", now, install.batches);
            Ok(())
        })?;
        prop_assert!(install.batches.iter().any(|batch| batch.uploaded_at.is_some()), "and it did deliver");
    }

    #[test]
    fn whatever_happened_everything_arrives_once_it_is_over(life in any_life()) {
        // Half the threshold is the longest wait for a slot, an hour the longest before a retry, and before a tick.
        let patience = TimeDelta::days(i64::from(life.threshold_days)) / 2 + TimeDelta::hours(2);
        let mut now = DateTime::UNIX_EPOCH;
        let install = life.live(life.calm_after() + patience, |_, at| {
            now = at;
            Ok(())
        })?;
        let late = install.pending().filter(|batch| now - batch.collected_at > patience).collect::<Vec<_>>();
        prop_assert!(late.is_empty(), "at {}: {:?}", now, late);
    }

    #[test]
    fn collections_that_yield_nothing_start_no_clock(life in any_life()) {
        let days = TimeDelta::days(life.days);
        let life = life.barren_until(days);
        let install = life.live(days, |install, now| {
            prop_assert!(!install.license(now).warn, "at {}", now);
            Ok(())
        })?;
        prop_assert!(install.batches.is_empty(), "{:?}", install.batches);
    }

    #[test]
    fn once_there_is_something_to_collect_an_install_collects_within_the_hour(life in any_life()) {
        let calm = life.calm_after();
        let life = life.barren_until(calm);
        // An hour is the longest wait, and a tick comes within another; clocks differ by some minutes.
        let install = life.live(calm + TimeDelta::hours(3), |_, _| Ok(()))?;
        prop_assert!(!install.batches.is_empty());
    }
}
