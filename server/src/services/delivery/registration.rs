//! Who we are to the vendor: the customer and the instance it gave this install, and how they are had.

use replicated::{Client, Session};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use store::{Call, IdentityUpdate, StoreError};
use tracing::info;

use super::{DeliveryError, DeliveryService};

impl DeliveryService {
    /// A session that may register again where the vendor has revoked the token, but as the same customer alone: another
    /// e-mail address would make another one.
    pub(super) async fn session<'a>(
        &self,
        client: &'a Client,
        identity: replicated::Identity,
        email: Option<SecretString>,
    ) -> Result<Session<'a>, StoreError> {
        let known = self.store.identity().await?.customer_email_hash;
        let is_the_customers =
            |email: &SecretString| known.as_ref().is_none_or(|known| *known == email_hash(&identity.cluster_id, email));
        let email = email.filter(is_the_customers);
        Ok(Session::new(client, identity, email))
    }

    /// Who we are to the vendor, asked for where it is not known yet. None where there is nobody to ask as.
    pub(super) async fn identity(
        &self,
        client: &Client,
        email: Option<&SecretString>,
    ) -> Result<Option<replicated::Identity>, DeliveryError> {
        let known = self.store.identity().await?;
        if let Some(identity) = established(&known) {
            return Ok(Some(identity));
        }
        let Some(email) = email else { return Ok(None) };
        let call = self.begin(Call::Customer);
        let result = client.register_customer(email).await;
        self.end(&call, &result).await?;
        let mut customer = result?.value;
        // Stored at once: should the next step fail, the vendor has this customer all the same.
        let known = self
            .store
            .establish_identity(&IdentityUpdate {
                customer_id: Some(customer.id.clone()),
                customer_email_hash: Some(email_hash(&known.cluster_id, email)),
                instance_id: customer.instance_id.clone(),
                service_token: customer.service_token.clone(),
            })
            .await?;
        if customer.instance_id.is_none() {
            let call = self.begin(Call::Instance);
            let result = client.create_instance(&customer, &known.cluster_id).await;
            self.end(&call, &result).await?;
            customer.instance_id = Some(result?.value);
            let update = IdentityUpdate { instance_id: customer.instance_id, ..IdentityUpdate::default() };
            return Ok(established(&self.store.establish_identity(&update).await?));
        }
        Ok(established(&known))
    }

    pub(super) async fn store_renewed(&self, session: &mut Session<'_>) -> Result<(), StoreError> {
        let Some(identity) = session.take_renewed() else { return Ok(()) };
        info!("the vendor had revoked the service token; the install was registered again");
        let update = IdentityUpdate {
            instance_id: Some(identity.instance_id),
            service_token: identity.service_token,
            ..IdentityUpdate::default()
        };
        self.store.establish_identity(&update).await.map(drop)
    }
}

/// Recognises an address without holding it: keyed with the install's own id, so that it tells nothing elsewhere.
fn email_hash(cluster_id: &str, email: &SecretString) -> String {
    let digest = Sha256::new().chain_update(cluster_id).chain_update(email.expose_secret()).finalize();
    format!("{digest:x}")
}

pub(super) fn established(identity: &store::Identity) -> Option<replicated::Identity> {
    Some(replicated::Identity {
        customer_id: identity.customer_id.clone()?,
        instance_id: identity.instance_id.clone()?,
        cluster_id: identity.cluster_id.clone(),
        service_token: identity.service_token.clone(),
    })
}
