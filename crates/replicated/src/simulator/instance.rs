//! One install, as the vendor knows it. Pure.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The portal calls an instance inactive this long after its last check-in.
const INACTIVE_AFTER: TimeDelta = TimeDelta::hours(24);

/// Changes kept per instance, as many as the vendor's in-cluster SDK keeps.
const KEPT_CHANGES: usize = 4000;

/// An instance of the application at a customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    /// `inst_…`
    pub id: String,
    /// Whose it is.
    pub customer_id: String,
    /// The install's own id; None until it tells it.
    pub cluster_id: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// The last check-in; None before the first.
    pub last_check_in: Option<DateTime<Utc>>,
    /// When the last set of metrics arrived.
    pub last_metrics: Option<DateTime<Utc>>,
    /// The status it gave last.
    pub app_status: Option<String>,
    /// The version it gave last; empty where it gave an empty one.
    pub version_label: Option<String>,
    /// The name in its tag data.
    pub name: Option<String>,
    /// How many sets of metrics arrived, in all.
    pub deliveries: u64,
    /// The latest set, by key.
    pub metrics: BTreeMap<String, Metric>,
    /// The latest changes (at most 4,000), oldest first.
    pub changes: VecDeque<Change>,
}

/// The current value of a metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// A string, number or boolean.
    pub value: Value,
    /// Since when it has this value.
    pub changed_at: DateTime<Utc>,
}

/// A metric that appeared, changed or disappeared. The portal knows no other time than that of the arrival.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// When the set arrived.
    pub at: DateTime<Utc>,
    /// The metric.
    pub key: String,
    /// Its value before; None where it was not there.
    pub from: Option<Value>,
    /// Its value since; None where it is gone.
    pub to: Option<Value>,
}

/// What an install tells about itself in headers.
#[derive(Debug, Clone, Default)]
pub(super) struct Report {
    pub(super) cluster_id: Option<String>,
    pub(super) app_status: Option<String>,
    pub(super) version_label: Option<String>,
    pub(super) name: Option<String>,
}

impl Instance {
    pub(super) fn new(id: String, customer_id: String, cluster_id: Option<String>, now: DateTime<Utc>) -> Self {
        Self {
            id,
            customer_id,
            cluster_id,
            created_at: now,
            last_check_in: None,
            last_metrics: None,
            app_status: None,
            version_label: None,
            name: None,
            deliveries: 0,
            metrics: BTreeMap::new(),
            changes: VecDeque::new(),
        }
    }

    /// Whether it has checked in within the last 24 hours.
    pub fn is_active(&self, now: DateTime<Utc>) -> bool {
        self.last_check_in.is_some_and(|at| now - at <= INACTIVE_AFTER)
    }

    pub(super) fn check_in(&mut self, report: &Report, now: DateTime<Utc>) {
        self.note(report);
        self.last_check_in = Some(now);
    }

    /// Replaces the set of metrics; what differs becomes a change.
    pub(super) fn receive(&mut self, metrics: Map<String, Value>, report: &Report, now: DateTime<Utc>) {
        self.note(report);
        self.deliveries += 1;
        self.last_metrics = Some(now);
        let mut before = std::mem::take(&mut self.metrics);
        for (key, value) in metrics {
            let old = before.remove(&key);
            let changed_at = match &old {
                Some(old) if old.value == value => old.changed_at,
                _ => {
                    self.changes.push_back(Change {
                        at: now,
                        key: key.clone(),
                        from: old.map(|old| old.value),
                        to: Some(value.clone()),
                    });
                    now
                }
            };
            self.metrics.insert(key, Metric { value, changed_at });
        }
        self.changes.extend(before.into_iter().map(|(key, gone)| Change {
            at: now,
            key,
            from: Some(gone.value),
            to: None,
        }));
        self.changes.drain(..self.changes.len().saturating_sub(KEPT_CHANGES));
    }

    fn note(&mut self, report: &Report) {
        let keep = |field: &mut Option<String>, news: &Option<String>| {
            if news.is_some() {
                field.clone_from(news);
            }
        };
        keep(&mut self.cluster_id, &report.cluster_id);
        keep(&mut self.app_status, &report.app_status);
        keep(&mut self.version_label, &report.version_label);
        keep(&mut self.name, &report.name);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(hour: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hour)
    }

    fn instance() -> Instance {
        Instance::new("inst_1".to_owned(), "cust_1".to_owned(), None, at(0))
    }

    fn set(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_set_replaces_the_one_before_and_differences_become_changes() {
        let mut instance = instance();
        instance.receive(set(&json!({"users": 1, "plan": "free", "gone": true})), &Report::default(), at(1));
        instance.receive(set(&json!({"users": 2, "plan": "free"})), &Report::default(), at(2));
        assert_eq!(instance.metrics["users"], Metric { value: json!(2), changed_at: at(2) });
        assert_eq!(instance.metrics["plan"], Metric { value: json!("free"), changed_at: at(1) });
        assert_eq!(instance.metrics.len(), 2);
        let latest: Vec<_> =
            instance.changes.iter().skip(3).map(|c| (c.key.as_str(), c.from.clone(), c.to.clone())).collect();
        assert_eq!(latest, [("users", Some(json!(1)), Some(json!(2))), ("gone", Some(json!(true)), None)]);
        assert_eq!((instance.deliveries, instance.last_metrics), (2, Some(at(2))));
    }

    #[test]
    fn an_instance_is_inactive_when_its_last_check_in_is_more_than_a_day_ago() {
        let mut instance = instance();
        assert!(!instance.is_active(at(0)), "metrics and registration are no check-in");
        instance.check_in(&Report { app_status: Some("ready".to_owned()), ..Report::default() }, at(1));
        assert!(instance.is_active(at(25)));
        assert!(!instance.is_active(at(25) + TimeDelta::seconds(1)));
        assert_eq!(instance.app_status.as_deref(), Some("ready"));
    }
}
