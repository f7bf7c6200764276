//! What the vendor knows: customers, instances, their metrics. Pure: time and random ids come in.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::instance::Instance;

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

/// A customer with what only the vendor knows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Customer {
    pub(super) id: String,
    pub(super) email: String,
    pub(super) app_slug: String,
    pub(super) channel: Option<String>,
    pub(super) service_token: String,
    /// Those that were revoked and replaced.
    #[serde(default)]
    pub(super) former_tokens: Vec<String>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) registrations: u64,
}

/// Everything that the portal stores.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Portal {
    customers: Vec<Customer>,
    instances: Vec<Instance>,
    revoked_tokens: Vec<String>,
    #[serde(skip)]
    leaves_instances_out: bool,
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

    /// From now on, are customers registered without an instance?
    pub(super) fn leave_instances_out(&mut self, leave_out: bool) {
        self.leaves_instances_out = leave_out;
    }

    /// Gets or creates the customer of (`email`, `app_slug`) with an instance, unless instances are left out. E-mail
    /// addresses are compared exactly, as the recorded SDK does. A revoked token is replaced.
    pub(super) fn register(
        &mut self,
        email: &str,
        app_slug: &str,
        channel: Option<&str>,
        now: DateTime<Utc>,
    ) -> (Customer, Option<String>) {
        let known = self.customers.iter().position(|c| c.email == email && c.app_slug == app_slug);
        let index = known.unwrap_or_else(|| {
            self.customers.push(Customer {
                id: new_id("cust_"),
                email: email.to_owned(),
                app_slug: app_slug.to_owned(),
                channel: channel.map(str::to_owned),
                service_token: new_id("svc-"),
                former_tokens: Vec::new(),
                created_at: now,
                registrations: 0,
            });
            self.customers.len() - 1
        });
        let customer = &mut self.customers[index];
        customer.registrations += 1;
        if self.revoked_tokens.contains(&customer.service_token) {
            let revoked = std::mem::replace(&mut customer.service_token, new_id("svc-"));
            customer.former_tokens.push(revoked);
        }
        let customer = customer.clone();
        if self.leaves_instances_out {
            return (customer, None);
        }
        let instance = self.instances.iter().find(|i| i.customer_id == customer.id).map(|i| i.id.clone());
        let instance = instance.unwrap_or_else(|| self.create_instance(&customer.id, None, now));
        (customer, Some(instance))
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
        self.instances.push(Instance::new(id.clone(), customer.to_owned(), cluster.map(str::to_owned), now));
        id
    }

    /// The customer whose service token this is, unless it was revoked.
    pub(super) fn customer_of_token(&self, token: &str) -> Option<&Customer> {
        let revoked = self.revoked_tokens.iter().any(|revoked| revoked == token);
        self.customers.iter().find(|customer| !revoked && customer.service_token == token)
    }

    /// The customer to whom this service token was given, even if it was revoked since.
    pub(super) fn owner_of_token(&self, token: &str) -> Option<&Customer> {
        let has = |customer: &&Customer| {
            customer.service_token == token || customer.former_tokens.iter().any(|former| former == token)
        };
        self.customers.iter().find(has)
    }

    pub(super) fn revoke(&mut self, token: &str) {
        if self.customer_of_token(token).is_some() {
            self.revoked_tokens.push(token.to_owned());
        }
    }

    pub(super) fn instance_mut(&mut self, id: &str) -> Option<&mut Instance> {
        self.instances.iter_mut().find(|instance| instance.id == id)
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
    use chrono::TimeDelta;

    use super::*;

    fn at(hour: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hour)
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
    fn emails_are_masked() {
        for (email, masked) in
            [("admin@acme.example", "a***@acme.example"), ("@x", "***@x"), ("none", "***"), ("é@b", "é***@b")]
        {
            assert_eq!(masked_email(email), masked);
        }
    }
}
