//! Calls that survive a revoked service token.

use domain::delivery::ErrorClass;
use secrecy::SecretString;
use serde_json::{Map, Value};

use crate::{AppStatus, Client, Error, Identity, MetricsBody, Reply};

/// One run of deliveries under one identity.
///
/// When the vendor answers 401 to the service token, the install is registered again with the publishable key and the
/// call is repeated: once in a session, so that a vendor who refuses every token is not asked again and again. An install
/// that has no token, only the publishable key, is registered again likewise, since registration gives a token. A 403 is about
/// the license, not the token, and changes nothing.
#[derive(Debug)]
pub struct Session<'a> {
    client: &'a Client,
    email: Option<SecretString>,
    identity: Identity,
    renewed: Option<Renewal>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Renewal {
    Tried,
    Unsaved,
}

impl<'a> Session<'a> {
    /// A session of `client` as `identity`. With the `email` that the customer was registered with, a new registration gives
    /// the same customer; another address gives another customer, and then every value of the identity is that one's. Without
    /// an address nothing is registered again.
    pub fn new(client: &'a Client, identity: Identity, email: Option<SecretString>) -> Self {
        Self { client, email, identity, renewed: None }
    }

    /// The identity as it is now.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The identity where it has changed since the session began or this was last asked: to be stored at once.
    pub fn take_renewed(&mut self) -> Option<Identity> {
        let unsaved = self.renewed == Some(Renewal::Unsaved);
        unsaved.then(|| {
            self.renewed = Some(Renewal::Tried);
            self.identity.clone()
        })
    }

    /// [`Client::send_metrics`], registering again once where the token was revoked.
    ///
    /// # Errors
    /// As [`Client::send_metrics`] and [`Client::register`].
    pub async fn send_metrics(&mut self, metrics: &Map<String, Value>) -> Result<Reply<()>, Error> {
        self.send_body(&MetricsBody::of(metrics)?).await
    }

    /// [`Client::send_body`], registering again once where the token was revoked.
    ///
    /// # Errors
    /// As [`Client::send_body`] and [`Client::register`].
    pub async fn send_body(&mut self, body: &MetricsBody) -> Result<Reply<()>, Error> {
        match self.client.send_body(&self.identity, body).await {
            Err(error) if self.may_renew(&error) => {
                self.renew(error).await?;
                self.client.send_body(&self.identity, body).await
            }
            outcome => outcome,
        }
    }

    /// [`Client::check_in`], registering again once where the token was revoked.
    ///
    /// # Errors
    /// As [`Client::check_in`] and [`Client::register`].
    pub async fn check_in(&mut self, status: AppStatus, version_label: &str) -> Result<Reply<()>, Error> {
        match self.client.check_in(&self.identity, status, version_label).await {
            Err(error) if self.may_renew(&error) => {
                self.renew(error).await?;
                self.client.check_in(&self.identity, status, version_label).await
            }
            outcome => outcome,
        }
    }

    fn may_renew(&self, error: &Error) -> bool {
        error.class == ErrorClass::Auth && error.http_status != Some(403) && self.renewed.is_none()
    }

    async fn renew(&mut self, refused: Error) -> Result<(), Error> {
        let Some(email) = &self.email else { return Err(refused) };
        self.renewed = Some(Renewal::Tried);
        self.identity = self.client.register(email, &self.identity.cluster_id).await?.value;
        self.renewed = Some(Renewal::Unsaved);
        Ok(())
    }
}
