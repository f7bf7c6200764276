//! Who we are to the vendor: the customer and the instance it gave this install, and how they are had.

use domain::masked_email::masked_email;
use replicated::{Client, Customer};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use store::{Call, Identity, NewAuditEntry, Registration, StoreError};
use tracing::{info, warn};

use super::session::Session;
use super::{DeliveryError, DeliveryService};
use crate::services::AdministratorAddress;

/// An address that the vendor is or can be asked with, and how it was found.
#[derive(Debug, Clone)]
pub(super) struct Registrant {
    pub(super) email: SecretString,
    pub(super) step: Option<String>,
}

impl DeliveryService {
    /// A session as this install, which is registered first where the vendor does not know it. None where there is nobody to
    /// register it as.
    pub(super) async fn session<'a>(&self, client: &'a Client) -> Result<Option<Session<'a>>, DeliveryError> {
        if let Some(session) = self.established_session(client).await? {
            return Ok(Some(session));
        }
        let known = self.store.identity().await?;
        let Some(registrant) = self.first_registrant(&known).await? else { return Ok(None) };
        self.register(client, &known, &registrant).await?;
        self.established_session(client).await?.map(Some).ok_or(DeliveryError::RegisteredElsewhere)
    }

    /// A session as this install, where the vendor knows it. The administrator is not looked up, unless the identity is one of
    /// an earlier release, which did not keep the address.
    pub(super) async fn established_session<'a>(&self, client: &'a Client) -> Result<Option<Session<'a>>, StoreError> {
        let known = self.store.identity().await?;
        let Some(identity) = established(&known) else { return Ok(None) };
        let registrant = match registrant_of(&known) {
            Some(registrant) => Some(registrant),
            None => self.registrant_of_earlier_release(&known).await?,
        };
        Ok(Some(Session::new(client, identity, registrant)))
    }

    /// The address of the administrator as the install has one now.
    pub(super) async fn look_up(&self) -> Result<Option<Registrant>, DeliveryError> {
        Ok(match self.admin_email.find().await? {
            AdministratorAddress::Found { email, step } => {
                Some(Registrant { email, step: Some(step.word().to_owned()) })
            }
            AdministratorAddress::Nobody => None,
        })
    }

    /// Who to register as. A registration that ended half-way is taken up under the same address, whoever the administrator is
    /// by now, so that the vendor keeps one customer.
    async fn first_registrant(&self, known: &Identity) -> Result<Option<Registrant>, DeliveryError> {
        match registrant_of(known) {
            Some(registrant) => Ok(Some(registrant)),
            None => self.look_up().await,
        }
    }

    /// The address that the customer of an earlier release was registered with, where it can still be found: it is kept then.
    /// Where another address is found, that one: a token that the vendor refuses leads to a complete new registration. A
    /// look-up that fails stops nothing, since it is repeated at the next run.
    async fn registrant_of_earlier_release(&self, known: &Identity) -> Result<Option<Registrant>, StoreError> {
        let registrant = match self.look_up().await {
            Ok(found) => found,
            Err(error) => {
                warn!(error = %error, "the address of an earlier release's identity could not be completed yet");
                None
            }
        };
        if let (Some(registrant), Some(customer_id)) = (&registrant, &known.customer_id) {
            let hash = email_hash(&known.cluster_id, &registrant.email);
            let step = registrant.step.as_deref();
            if self.store.complete_customer_email(customer_id, &registrant.email, step, &hash).await? {
                info!("the address that an earlier release registered the customer with is kept from now on");
            }
        }
        Ok(registrant)
    }

    /// Registers this install: the customer, which is stored at once, since the vendor has it whatever becomes of the next
    /// step, and the instance, where the customer came without one.
    async fn register(&self, client: &Client, known: &Identity, registrant: &Registrant) -> Result<(), DeliveryError> {
        let customer = self.register_customer(client, registrant).await?;
        let registration = self.registration(known, registrant, &customer);
        let audit = self.audit_of_another_customer(known, &registration);
        self.store.replace_identity(&registration, audit.as_ref()).await?;
        if customer.instance_id.is_none() {
            let instance_id = self.create_instance(client, &customer, &known.cluster_id).await?;
            self.store.complete_identity(&registration, &instance_id).await?;
        }
        Ok(())
    }

    pub(super) async fn register_customer(
        &self,
        client: &Client,
        registrant: &Registrant,
    ) -> Result<Customer, DeliveryError> {
        let call = self.begin(Call::Customer);
        let result = client.register_customer(&registrant.email).await;
        self.end(&call, &result).await?;
        Ok(result?.value)
    }

    pub(super) async fn create_instance(
        &self,
        client: &Client,
        customer: &Customer,
        cluster_id: &str,
    ) -> Result<String, DeliveryError> {
        let call = self.begin(Call::Instance);
        let result = client.create_instance(customer, cluster_id).await;
        self.end(&call, &result).await?;
        Ok(result?.value)
    }

    /// A registration with its instance, not yet stored, and the id of that.
    pub(super) async fn register_whole(
        &self,
        client: &Client,
        known: &Identity,
        registrant: &Registrant,
    ) -> Result<(Registration, String), DeliveryError> {
        let mut customer = self.register_customer(client, registrant).await?;
        let instance_id = match customer.instance_id.clone() {
            Some(instance_id) => instance_id,
            None => self.create_instance(client, &customer, &known.cluster_id).await?,
        };
        customer.instance_id = Some(instance_id.clone());
        Ok((self.registration(known, registrant, &customer), instance_id))
    }

    /// What the vendor gave, ready to be stored.
    pub(super) fn registration(&self, known: &Identity, registrant: &Registrant, customer: &Customer) -> Registration {
        Registration {
            customer_id: customer.id.clone(),
            instance_id: customer.instance_id.clone(),
            service_token: customer.service_token.clone(),
            customer_email: registrant.email.clone(),
            customer_email_hash: email_hash(&known.cluster_id, &registrant.email),
            customer_email_step: registrant.step.clone(),
            registered_at: self.clock.now(),
        }
    }

    /// An entry for the audit log where the install becomes another customer to the vendor, by itself.
    pub(super) fn audit_of_another_customer(&self, known: &Identity, new: &Registration) -> Option<NewAuditEntry> {
        let is_another = known.customer_id.as_ref().is_some_and(|customer_id| *customer_id != new.customer_id);
        let entry = || NewAuditEntry {
            at: self.clock.now(),
            actor: "delivery".to_owned(),
            action: "identity_replaced".to_owned(),
            detail: json!({ "before": shown_of(known), "after": shown(new) }),
            outcome: "completed".to_owned(),
        };
        is_another.then(entry)
    }
}

/// The address that the present customer was registered with, where it is kept.
fn registrant_of(known: &Identity) -> Option<Registrant> {
    known.customer_id.as_ref()?;
    let email = known.customer_email.clone()?;
    Some(Registrant { email, step: known.customer_email_step.clone() })
}

/// An identity for the audit log: neither a token nor an address in full.
pub(super) fn shown_of(known: &Identity) -> Value {
    let email = known.customer_email.as_ref().map(|email| masked_email(email.expose_secret()));
    json!({ "customer_id": known.customer_id, "instance_id": known.instance_id, "customer_email": email })
}

/// The same of a registration.
pub(super) fn shown(registration: &Registration) -> Value {
    json!({
        "customer_id": registration.customer_id,
        "instance_id": registration.instance_id,
        "customer_email": masked_email(registration.customer_email.expose_secret()),
    })
}

/// Recognises an address without holding it: keyed with the install's own id, so that it tells nothing elsewhere.
fn email_hash(cluster_id: &str, email: &SecretString) -> String {
    let digest = Sha256::new().chain_update(cluster_id).chain_update(email.expose_secret()).finalize();
    format!("{digest:x}")
}

/// The identity, where it is complete.
pub(super) fn established(identity: &Identity) -> Option<replicated::Identity> {
    Some(replicated::Identity {
        customer_id: identity.customer_id.clone()?,
        instance_id: identity.instance_id.clone()?,
        cluster_id: identity.cluster_id.clone(),
        service_token: identity.service_token.clone(),
    })
}
