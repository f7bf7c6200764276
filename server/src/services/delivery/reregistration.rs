//! Showing who this install is to the vendor, and registering it anew by hand.

use chrono::{DateTime, Utc};
use domain::masked_email::masked_email;
use replicated::Client;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use serde_json::{Value, json};
use store::{Identity, NewAuditEntry, StoreError};
use tracing::info;

use super::registration::{shown, shown_of};
use super::{DeliveryError, DeliveryService, SkipReason};

/// Who this install is to the vendor, as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IdentitySummary {
    /// How far the registration has come.
    pub status: IdentityStatus,
    /// The vendor's id of the customer.
    pub customer_id: Option<String>,
    /// The vendor's id of this instance.
    pub instance_id: Option<String>,
    /// Our own id of this install.
    pub cluster_id: String,
    /// The address that the customer was registered with, masked.
    pub customer_email: Option<String>,
    /// How that address was found.
    pub customer_email_step: Option<String>,
    /// When the customer was registered.
    pub registered_at: Option<DateTime<Utc>>,
}

/// How far the registration of an install has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityStatus {
    /// The vendor has given a customer and an instance.
    Registered,
    /// It has given a customer, and no instance yet; the next delivery goes on from there.
    Incomplete,
    /// It does not know this install.
    Unregistered,
}

/// What a new registration by hand came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum ReregistrationOutcome {
    /// The vendor knows this install under the present administrator's address.
    Completed {
        /// The vendor's id of the customer.
        customer_id: String,
        /// The vendor's id of this instance.
        instance_id: String,
        /// The address, masked.
        customer_email: String,
    },
    /// Everything is as it was.
    Skipped {
        /// Why.
        reason: SkipReason,
    },
}

impl From<Identity> for IdentitySummary {
    fn from(known: Identity) -> Self {
        let status = match (&known.customer_id, &known.instance_id) {
            (Some(_), Some(_)) => IdentityStatus::Registered,
            (Some(_), None) => IdentityStatus::Incomplete,
            (None, _) => IdentityStatus::Unregistered,
        };
        Self {
            status,
            customer_id: known.customer_id,
            instance_id: known.instance_id,
            cluster_id: known.cluster_id,
            customer_email: known.customer_email.map(|email| masked_email(email.expose_secret())),
            customer_email_step: known.customer_email_step,
            registered_at: known.registered_at,
        }
    }
}

impl DeliveryService {
    /// Who this install is to the vendor.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn identity_summary(&self) -> Result<IdentitySummary, StoreError> {
        Ok(self.store.identity().await?.into())
    }

    /// Registers this install anew under the present administrator's address, on behalf of `actor`, and puts the whole of it
    /// in the place of the identity so far. A registration that fails at any step leaves that as it was.
    ///
    /// # Errors
    /// [`DeliveryError`].
    pub async fn reregister(&self, actor: &str) -> Result<ReregistrationOutcome, DeliveryError> {
        let client = self.client.as_ref().ok_or(DeliveryError::NoKey)?;
        let Some(lock) = self.store.try_sender_lock().await? else {
            return Ok(ReregistrationOutcome::Skipped { reason: SkipReason::AnotherSender });
        };
        let outcome = self.reregister_locked(client, actor).await;
        let _given_back = lock.release().await;
        outcome
    }

    async fn reregister_locked(&self, client: &Client, actor: &str) -> Result<ReregistrationOutcome, DeliveryError> {
        let Some(registrant) = self.look_up().await? else {
            return Ok(ReregistrationOutcome::Skipped { reason: SkipReason::NoAdminEmail });
        };
        let known = self.store.identity().await?;
        let email = masked_email(registrant.email.expose_secret());
        let intent = json!({ "before": shown_of(&known), "customer_email": email, "step": registrant.step });
        self.store.record_audit(&self.reregistration_entry(actor, intent, "started")).await?;
        let (registration, instance_id) = match self.register_whole(client, &known, &registrant).await {
            Ok(registered) => registered,
            Err(error) => {
                let detail = json!({ "error": error.to_string() });
                self.store.record_audit(&self.reregistration_entry(actor, detail, "failed")).await?;
                return Err(error);
            }
        };
        let entry = self.reregistration_entry(actor, json!({ "after": shown(&registration) }), "completed");
        self.store.replace_identity(&registration, Some(&entry)).await?;
        info!(actor, "the install was registered anew by hand");
        Ok(ReregistrationOutcome::Completed {
            customer_id: registration.customer_id,
            instance_id,
            customer_email: email,
        })
    }

    fn reregistration_entry(&self, actor: &str, detail: Value, outcome: &str) -> NewAuditEntry {
        NewAuditEntry {
            at: self.clock.now(),
            actor: actor.to_owned(),
            action: "identity_reregister".to_owned(),
            detail,
            outcome: outcome.to_owned(),
        }
    }
}
