//! Calls that survive a revoked service token.

use domain::delivery::ErrorClass;
use replicated::{AppStatus, Client, Identity, MetricsBody, Reply};
use store::{Call, StoreError};
use tracing::info;
use uuid::Uuid;

use super::registration::Registrant;
use super::{DeliveryError, DeliveryService, VERSION};

/// What is sent as a known install.
#[derive(Debug, Clone, Copy)]
pub(super) enum Message<'a> {
    /// A batch.
    Metrics {
        /// Its id.
        batch_id: Uuid,
        /// It, as it is sent.
        body: &'a MetricsBody,
    },
    /// A sign of life.
    CheckIn,
}

/// One run of calls as this install.
///
/// Where the vendor answers 401 to the service token, the install is registered again under the address that its customer was
/// registered with, so as the same customer, and the call is repeated: once in a session, so that a vendor who refuses every
/// token is not asked again and again. An install that has no token is registered again likewise, since registration gives
/// one. A 403 is about the license, not the token, and changes nothing.
#[derive(Debug)]
pub(super) struct Session<'a> {
    client: &'a Client,
    identity: Identity,
    registrant: Option<Registrant>,
    is_renewed: bool,
}

impl<'a> Session<'a> {
    /// A session as `identity`. Without an address nothing is registered again.
    pub(super) fn new(client: &'a Client, identity: Identity, registrant: Option<Registrant>) -> Self {
        Self { client, identity, registrant, is_renewed: false }
    }

    /// Whom to register again after this error. It is said once.
    fn take_renewal(&mut self, error: &replicated::Error) -> Option<Registrant> {
        let is_refused = error.class == ErrorClass::Auth && error.http_status != Some(403);
        if !is_refused || self.is_renewed {
            return None;
        }
        self.is_renewed = true;
        self.registrant.clone()
    }
}

impl DeliveryService {
    /// Sends a message, registering again once in the session where the token was revoked. Each request is recorded.
    pub(super) async fn send(
        &self,
        session: &mut Session<'_>,
        message: Message<'_>,
    ) -> Result<Result<Reply<()>, replicated::Error>, DeliveryError> {
        let result = self.send_once(session, message).await?;
        let Some(registrant) = result.as_ref().err().and_then(|error| session.take_renewal(error)) else {
            return Ok(result);
        };
        match self.renew(session, &registrant).await {
            Ok(()) => Ok(self.send_once(session, message).await?),
            Err(DeliveryError::Vendor(error)) => Ok(Err(error)),
            Err(other) => Err(other),
        }
    }

    async fn send_once(
        &self,
        session: &Session<'_>,
        message: Message<'_>,
    ) -> Result<Result<Reply<()>, replicated::Error>, StoreError> {
        let Session { client, identity, .. } = session;
        let (call, result) = match message {
            Message::Metrics { batch_id, body } => {
                (self.begin_delivery(batch_id, Some(body)), client.send_body(identity, body).await)
            }
            Message::CheckIn => (self.begin(Call::CheckIn), client.check_in(identity, AppStatus::Ready, VERSION).await),
        };
        self.end(&call, &result).await?;
        Ok(result)
    }

    /// Registers the install again, and puts the whole of it in the place of the identity so far.
    async fn renew(&self, session: &mut Session<'_>, registrant: &Registrant) -> Result<(), DeliveryError> {
        let known = self.store.identity().await?;
        let (registration, instance_id) = self.register_whole(session.client, &known, registrant).await?;
        let audit = self.audit_of_another_customer(&known, &registration);
        self.store.replace_identity(&registration, audit.as_ref()).await?;
        info!("the vendor had revoked the service token; the install was registered again");
        session.identity = Identity {
            customer_id: registration.customer_id,
            instance_id,
            cluster_id: known.cluster_id,
            service_token: registration.service_token,
        };
        Ok(())
    }
}
