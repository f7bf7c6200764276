//! What the vendor knows: customers, instances, their metrics. Pure: time and random ids come in.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::Identity;

/// The portal calls an instance inactive this long after its last check-in.
const INACTIVE_AFTER: TimeDelta = TimeDelta::hours(24);

/// Changes kept per instance, as many as the vendor's in-cluster SDK keeps.
const KEPT_CHANGES: usize = 4000;

/// A customer, as the portal shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PortalCustomer {
    /// `cust_…`
    pub id: String,
    /// The e-mail address with all but its first character and its domain masked.
    pub email: String,
    /// The application that the customer uses.
    pub app_slug: String,
    /// The release channel.
    pub channel: Option<String>,
    /// When the customer registered first.
    pub created_at: DateTime<Utc>,
    /// How often, in all.
    pub registrations: u64,
}

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
    pub changes: Vec<Change>,
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

/// The past of an install, for [`super::Simulator::import`].
#[derive(Debug, Clone)]
pub struct History {
    /// The customer's e-mail address.
    pub email: String,
    /// The application.
    pub app_slug: String,
    /// The install's own id.
    pub cluster_id: String,
    /// The version it runs.
    pub version_label: String,
    /// The sets of metrics with their times of arrival, oldest first. Each counts as a check-in too.
    pub deliveries: Vec<(DateTime<Utc>, Map<String, Value>)>,
}

/// A customer with what only the vendor knows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Customer {
    pub(super) id: String,
    pub(super) email: String,
    pub(super) app_slug: String,
    pub(super) channel: Option<String>,
    pub(super) service_token: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) registrations: u64,
}

/// Everything that the portal stores.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Portal {
    customers: Vec<Customer>,
    instances: Vec<Instance>,
    revoked_tokens: Vec<String>,
}

/// What an install tells about itself in headers.
#[derive(Debug, Clone, Default)]
pub(super) struct Report {
    pub(super) cluster_id: Option<String>,
    pub(super) app_status: Option<String>,
    pub(super) version_label: Option<String>,
    pub(super) name: Option<String>,
}

impl Portal {
    pub(super) fn customers(&self) -> Vec<PortalCustomer> {
        let shown = |customer: &Customer| PortalCustomer {
            id: customer.id.clone(),
            email: masked_email(&customer.email),
            app_slug: customer.app_slug.clone(),
            channel: customer.channel.clone(),
            created_at: customer.created_at,
            registrations: customer.registrations,
        };
        self.customers.iter().map(shown).collect()
    }

    pub(super) fn instances(&self) -> &[Instance] {
        &self.instances
    }

    /// Gets or creates the customer of (`email`, `app_slug`) with an instance. E-mail addresses are compared exactly, as
    /// the recorded SDK does. A revoked token is replaced.
    pub(super) fn register(
        &mut self,
        email: &str,
        app_slug: &str,
        channel: Option<&str>,
        now: DateTime<Utc>,
    ) -> (Customer, String) {
        let known = self.customers.iter().position(|c| c.email == email && c.app_slug == app_slug);
        let index = known.unwrap_or_else(|| {
            self.customers.push(Customer {
                id: new_id("cust_"),
                email: email.to_owned(),
                app_slug: app_slug.to_owned(),
                channel: channel.map(str::to_owned),
                service_token: new_id("svc-"),
                created_at: now,
                registrations: 0,
            });
            self.customers.len() - 1
        });
        let customer = &mut self.customers[index];
        customer.registrations += 1;
        if self.revoked_tokens.contains(&customer.service_token) {
            customer.service_token = new_id("svc-");
        }
        let customer = customer.clone();
        let instance = self.instances.iter().find(|i| i.customer_id == customer.id).map(|i| i.id.clone());
        let instance = instance.unwrap_or_else(|| self.create_instance(&customer.id, None, now));
        (customer, instance)
    }

    /// Makes an instance, or gives the one that the cluster has already.
    pub(super) fn create_instance(&mut self, customer: &str, cluster: Option<&str>, now: DateTime<Utc>) -> String {
        let known = self
            .instances
            .iter()
            .find(|i| cluster.is_some() && i.customer_id == customer && i.cluster_id.as_deref() == cluster);
        if let Some(known) = known {
            return known.id.clone();
        }
        let id = new_id("inst_");
        self.instances.push(Instance {
            id: id.clone(),
            customer_id: customer.to_owned(),
            cluster_id: cluster.map(str::to_owned),
            created_at: now,
            last_check_in: None,
            last_metrics: None,
            app_status: None,
            version_label: None,
            name: None,
            deliveries: 0,
            metrics: BTreeMap::new(),
            changes: Vec::new(),
        });
        id
    }

    /// The customer whose service token this is, unless it was revoked.
    pub(super) fn customer_of_token(&self, token: &str) -> Option<&Customer> {
        let revoked = self.revoked_tokens.iter().any(|revoked| revoked == token);
        self.customers.iter().find(|customer| !revoked && customer.service_token == token)
    }

    pub(super) fn revoke(&mut self, token: &str) {
        if self.customer_of_token(token).is_some() {
            self.revoked_tokens.push(token.to_owned());
        }
    }

    pub(super) fn instance_mut(&mut self, id: &str) -> Option<&mut Instance> {
        self.instances.iter_mut().find(|instance| instance.id == id)
    }

    pub(super) fn import(&mut self, history: History, now: DateTime<Utc>) -> Identity {
        let first = history.deliveries.first().map_or(now, |(at, _)| *at);
        let (customer, instance_id) = self.register(&history.email, &history.app_slug, None, first);
        let report = Report {
            cluster_id: Some(history.cluster_id.clone()),
            app_status: Some(crate::AppStatus::Ready.word().to_owned()),
            version_label: Some(history.version_label),
            name: Some(history.app_slug),
        };
        if let Some(instance) = self.instance_mut(&instance_id) {
            instance.cluster_id = Some(history.cluster_id.clone());
            for (at, metrics) in history.deliveries {
                instance.receive(metrics, &report, at);
                instance.check_in(&report, at);
            }
        }
        Identity {
            customer_id: customer.id,
            instance_id,
            cluster_id: history.cluster_id,
            service_token: Some(customer.service_token.into()),
        }
    }
}

impl Instance {
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
                    self.changes.push(Change {
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

/// `a***@acme.example`
pub(super) fn masked_email(email: &str) -> String {
    match email.rsplit_once('@') {
        Some((local, domain)) => format!("{}***@{domain}", local.chars().next().map(String::from).unwrap_or_default()),
        None => "***".to_owned(),
    }
}

fn new_id(prefix: &str) -> String {
    format!("{prefix}{}", Uuid::new_v4().simple())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(hour: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hour)
    }

    fn set(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_customer_is_known_by_exact_email_and_application() {
        let mut portal = Portal::default();
        let mut id = |email, app| portal.register(email, app, None, at(0)).0.id;
        let first = id("admin@corp.example", "a");
        assert_eq!(id("admin@corp.example", "a"), first);
        assert_ne!(id("Admin@corp.example", "a"), first);
        assert_ne!(id("admin@corp.example", "b"), first);
    }

    #[test]
    fn a_revoked_token_is_replaced_by_the_next_registration_only() {
        let mut portal = Portal::default();
        let (customer, instance) = portal.register("a@b.example", "a", None, at(0));
        portal.revoke(&customer.service_token);
        assert!(portal.customer_of_token(&customer.service_token).is_none());
        let (again, same_instance) = portal.register("a@b.example", "a", None, at(1));
        assert_eq!((again.id.as_str(), same_instance), (customer.id.as_str(), instance));
        assert_ne!(again.service_token, customer.service_token);
        assert!(portal.customer_of_token(&again.service_token).is_some());
    }

    #[test]
    fn a_set_replaces_the_one_before_and_differences_become_changes() {
        let mut portal = Portal::default();
        let (_, id) = portal.register("a@b.example", "a", None, at(0));
        let instance = portal.instance_mut(&id).unwrap();
        instance.receive(set(&json!({"users": 1, "plan": "free", "gone": true})), &Report::default(), at(1));
        instance.receive(set(&json!({"users": 2, "plan": "free"})), &Report::default(), at(2));
        assert_eq!(instance.metrics["users"], Metric { value: json!(2), changed_at: at(2) });
        assert_eq!(instance.metrics["plan"], Metric { value: json!("free"), changed_at: at(1) });
        assert_eq!(instance.metrics.len(), 2);
        let latest: Vec<_> =
            instance.changes[3..].iter().map(|c| (c.key.as_str(), c.from.clone(), c.to.clone())).collect();
        assert_eq!(latest, [("users", Some(json!(1)), Some(json!(2))), ("gone", Some(json!(true)), None)]);
        assert_eq!((instance.deliveries, instance.last_metrics), (2, Some(at(2))));
    }

    #[test]
    fn an_instance_is_inactive_when_its_last_check_in_is_more_than_a_day_ago() {
        let mut portal = Portal::default();
        let (_, id) = portal.register("a@b.example", "a", None, at(0));
        let instance = portal.instance_mut(&id).unwrap();
        assert!(!instance.is_active(at(0)), "metrics and registration are no check-in");
        instance.check_in(&Report { app_status: Some("ready".to_owned()), ..Report::default() }, at(1));
        assert!(instance.is_active(at(25)));
        assert!(!instance.is_active(at(25) + TimeDelta::seconds(1)));
        assert_eq!(instance.app_status.as_deref(), Some("ready"));
    }

    #[test]
    fn emails_are_masked() {
        for (email, masked) in
            [("admin@acme.example", "a***@acme.example"), ("@x", "***@x"), ("none", "***"), ("é@b", "é***@b")]
        {
            assert_eq!(masked_email(email), masked);
        }
    }
}
