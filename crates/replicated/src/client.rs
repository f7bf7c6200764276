//! The calls of the vendor's API.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::clock::Clock;
use domain::delivery::ErrorClass;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::reply::Answer;
use crate::transport::{Request, Transport};
use crate::wire::{
    CustomerReply, CustomerRequest, InstanceReply, InstanceRequest, InstanceTagData, InstanceTags, json,
};
use crate::{AppStatus, Customer, Error, Identity, MetricsBody, Reply, Settings, SettingsError, headers, wire};

/// The channel that the published SDK asks for.
const CHANNEL: &str = "Stable";

/// A client of the vendor's portal. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Client {
    transport: Transport,
    publishable_key: SecretString,
    app_slug: String,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("app_slug", &self.app_slug).finish_non_exhaustive()
    }
}

impl Client {
    /// A client with `settings`. Sends nothing yet. `clock` stands in for the vendor's where a reply has no `Date`.
    ///
    /// # Errors
    /// When a setting cannot be used; the error names it.
    pub fn new(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Self, SettingsError> {
        let key = settings.publishable_key.expose_secret();
        if key.is_empty() || !key.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(SettingsError::PublishableKey);
        }
        Ok(Self {
            transport: Transport::new(settings, clock)?,
            publishable_key: settings.publishable_key.clone(),
            app_slug: settings.app_slug.clone(),
        })
    }

    /// Gets or creates the customer of `email`. Safe to repeat: the vendor knows a customer by e-mail and application.
    ///
    /// # Errors
    /// [`Error`] of any class.
    pub async fn register_customer(&self, email: &SecretString) -> Result<Reply<Customer>, Error> {
        let body = CustomerRequest {
            email_address: email.expose_secret(),
            channel: CHANNEL,
            name: None,
            app_slug: &self.app_slug,
        };
        let request = Request {
            path: wire::CUSTOMER,
            authorization: self.authorization(None),
            headers: Vec::new(),
            body: json(&body)?,
            secrets: vec![email],
        };
        let reply: Reply<CustomerReply> = parse(self.transport.send(request).await?, "customer.id")?;
        Ok(reply.map(|reply| Customer {
            id: reply.customer.id,
            instance_id: reply.instance_id.or(reply.customer.instance_id).filter(|id| !id.is_empty()),
            service_token: reply
                .dynamic_token
                .or(reply.customer.service_token)
                .filter(|token| !token.is_empty())
                .map(SecretString::from),
        }))
    }

    /// Creates an instance for a customer who has none, and gives its id. `cluster_id` as in [`Identity`].
    ///
    /// # Errors
    /// [`Error`] of any class.
    pub async fn create_instance(&self, customer: &Customer, cluster_id: &str) -> Result<Reply<String>, Error> {
        let body = InstanceRequest { machine_fingerprint: cluster_id, app_status: AppStatus::Missing.word() };
        let request = Request {
            path: wire::INSTANCE,
            authorization: self.authorization(customer.service_token.as_ref()),
            headers: Vec::new(),
            body: json(&body)?,
            secrets: Vec::new(),
        };
        let reply: Reply<InstanceReply> = parse(self.transport.send(request).await?, "instance_id")?;
        Ok(reply.map(|reply| reply.instance_id))
    }

    /// Registers an install: [`Self::register_customer`], then [`Self::create_instance`] where the customer has none.
    /// Safe to repeat.
    ///
    /// # Errors
    /// [`Error`] of any class.
    pub async fn register(&self, email: &SecretString, cluster_id: &str) -> Result<Reply<Identity>, Error> {
        let customer = self.register_customer(email).await?;
        let instance = match customer.value.instance_id.clone() {
            Some(id) => customer.clone().map(|_| id),
            None => self.create_instance(&customer.value, cluster_id).await?,
        };
        let Customer { id, service_token, .. } = customer.value;
        Ok(instance.map(|instance_id| Identity {
            customer_id: id,
            instance_id,
            cluster_id: cluster_id.to_owned(),
            service_token,
        }))
    }

    /// Sends the complete set of metrics; it replaces the one before it.
    ///
    /// # Errors
    /// [`Error`] of any class. [`ErrorClass::Rejected`] without a status for a set that was not sent: an empty one, or
    /// one that holds anything but strings, numbers and booleans.
    pub async fn send_metrics(&self, identity: &Identity, metrics: &Map<String, Value>) -> Result<Reply<()>, Error> {
        self.send_body(identity, &MetricsBody::of(metrics)?).await
    }

    /// The same with a body that was made before, so that its caller knows exactly what is sent.
    ///
    /// # Errors
    /// [`Error`] of any class.
    pub async fn send_body(&self, identity: &Identity, body: &MetricsBody) -> Result<Reply<()>, Error> {
        let request = Request {
            path: wire::METRICS,
            authorization: self.authorization(identity.service_token.as_ref()),
            headers: instance_headers(identity, AppStatus::Ready),
            body: body.bytes().to_vec(),
            secrets: Vec::new(),
        };
        Ok(self.transport.send(request).await?.map(drop))
    }

    /// Checks the instance in. The portal calls an instance inactive 24 hours after its last check-in.
    ///
    /// # Errors
    /// [`Error`] of any class. (The published SDK swallows them all.)
    pub async fn check_in(
        &self,
        identity: &Identity,
        status: AppStatus,
        version_label: &str,
    ) -> Result<Reply<()>, Error> {
        let mut headers = instance_headers(identity, status);
        headers.push((headers::VERSION_LABEL, version_label.to_owned()));
        headers.push((headers::INSTANCE_TAG_DATA, self.instance_tag_data()?));
        let request = Request {
            path: wire::INFO,
            authorization: self.authorization(identity.service_token.as_ref()),
            headers,
            body: b"{}".to_vec(),
            secrets: Vec::new(),
        };
        Ok(self.transport.send(request).await?.map(drop))
    }

    /// The service token goes without a scheme; the publishable key stands in for it as a bearer.
    fn authorization(&self, service_token: Option<&SecretString>) -> SecretString {
        match service_token {
            Some(token) => token.clone(),
            None => format!("Bearer {}", self.publishable_key.expose_secret()).into(),
        }
    }

    /// The instance's name in the portal. The published SDK sends the host name here; ours sends the application's.
    fn instance_tag_data(&self) -> Result<String, Error> {
        let data = InstanceTagData { force: true, tags: InstanceTags { name: &self.app_slug } };
        Ok(BASE64_STANDARD.encode(json(&data)?))
    }
}

fn instance_headers(identity: &Identity, status: AppStatus) -> Vec<(&'static str, String)> {
    vec![
        (headers::INSTANCE_ID, identity.instance_id.clone()),
        (headers::CLUSTER_ID, identity.cluster_id.clone()),
        (headers::APP_STATUS, status.word().to_owned()),
    ]
}

/// Reads a reply of which `needed` is the least that it must hold.
fn parse<T: DeserializeOwned>(answer: Answer, needed: &str) -> Result<Reply<T>, Error> {
    match serde_json::from_str(&answer.value) {
        Ok(value) => Ok(answer.map(|_| value)),
        // serde_json's own words may quote the reply, and the reply holds the token.
        Err(_) => Err(Error {
            http_status: Some(answer.http_status),
            vendor_time: answer.vendor_time,
            ..Error::new(
                ErrorClass::BadReply,
                format!("The reply is not the vendor's: JSON with {needed} was expected."),
            )
        }),
    }
}
