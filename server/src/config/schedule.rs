//! When to collect and to deliver, and when to warn.

use std::time::Duration;

use chrono::TimeDelta;
use domain::license::DEFAULT_THRESHOLD_DAYS;
use domain::schedule::{CronExpression, DEFAULT_COLLECTION_CRON, DEFAULT_INTERVAL_DAYS, DEFAULT_UPLOAD_CRON, Schedule};

use super::variables::Variables;

/// The schedule section.
#[derive(Debug, Clone)]
pub struct ScheduleConfig {
    /// `TELEMETRY_COLLECTION_SCHEDULE`.
    pub collect: CronExpression,
    /// `TELEMETRY_UPLOAD_SCHEDULE`.
    pub upload: CronExpression,
    /// `TELEMETRY_COLLECTION_INTERVAL_DAYS`.
    pub interval_days: u16,
    /// `TELEMETRY_WARNING_THRESHOLD_DAYS`.
    pub threshold_days: u16,
    /// `TELEMETRY_COLLECTOR_TIMEOUT_SECONDS`: the limit of each collector.
    pub collector_limit: Duration,
}

/// The schedulers of different installs act on a slot within so many seconds.
const SPREAD_SECONDS: u64 = 10 * 60;

impl ScheduleConfig {
    /// The schedule of the install whose own number is `install_seed`: stable across restarts, different elsewhere.
    pub fn schedule(&self, install_seed: u64) -> Schedule {
        let spread = install_seed % SPREAD_SECONDS;
        Schedule {
            collect: self.collect.clone(),
            upload: self.upload.clone(),
            interval: TimeDelta::days(i64::from(self.interval_days)),
            spread: TimeDelta::seconds(i64::try_from(spread).unwrap_or_default()),
            // Half the threshold: the other half is for tries that fail.
            longest_wait: TimeDelta::days(i64::from(self.threshold_days)) / 2,
            jitter: f64::from(u32::try_from(install_seed % 1000).unwrap_or_default()) / 1000.0,
        }
    }
}

/// Reads the schedule section.
pub(super) fn read(variables: &mut Variables<'_>) -> Option<ScheduleConfig> {
    let collect = cron(variables, "TELEMETRY_COLLECTION_SCHEDULE", DEFAULT_COLLECTION_CRON);
    let upload = cron(variables, "TELEMETRY_UPLOAD_SCHEDULE", DEFAULT_UPLOAD_CRON);
    let days = |variables: &mut Variables<'_>, name, default, most: u16| {
        variables.checked_or(name, default, &format!("whole days from 1 to {most}"), |days| (1..=most).contains(days))
    };
    let interval_days = days(variables, "TELEMETRY_COLLECTION_INTERVAL_DAYS", DEFAULT_INTERVAL_DAYS, 366);
    let threshold_days = days(variables, "TELEMETRY_WARNING_THRESHOLD_DAYS", DEFAULT_THRESHOLD_DAYS, 366);
    let limit =
        variables.checked_or("TELEMETRY_COLLECTOR_TIMEOUT_SECONDS", 60_u64, "whole seconds from 1 to 3600", |limit| {
            (1..=3600).contains(limit)
        });
    Some(ScheduleConfig {
        collect: collect?,
        upload: upload?,
        interval_days,
        threshold_days,
        collector_limit: Duration::from_secs(limit),
    })
}

fn cron(variables: &mut Variables<'_>, name: &'static str, default: &str) -> Option<CronExpression> {
    let text = variables.text_or(name, default);
    match text.parse() {
        Ok(cron) => Some(cron),
        Err(error) => {
            variables.fault(name, &format!("is not usable: {error}"));
            None
        }
    }
}
