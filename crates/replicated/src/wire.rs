//! The bodies of the vendor's API, as the published SDK 0.1.0a2 sends and reads them.

use domain::delivery::ErrorClass;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Error;

pub(crate) const CUSTOMER: &str = "/v3/customer";
pub(crate) const INSTANCE: &str = "/v3/instance";
pub(crate) const METRICS: &str = "/application/custom-metrics";
pub(crate) const INFO: &str = "/kots_metrics/license_instance/info";

/// `POST /v3/customer`: get or create the customer of an e-mail address.
#[derive(Serialize)]
pub(crate) struct CustomerRequest<'a> {
    pub(crate) email_address: &'a str,
    /// The release channel that a new customer is put on.
    pub(crate) channel: &'static str,
    pub(crate) name: Option<&'a str>,
    pub(crate) app_slug: &'a str,
}

/// The reply to [`CustomerRequest`]. Unknown fields are ignored.
#[derive(Deserialize)]
pub(crate) struct CustomerReply {
    pub(crate) customer: CustomerFields,
    /// Wins over the customer's `serviceToken`.
    pub(crate) dynamic_token: Option<String>,
    /// Wins over the customer's `instanceId`, as in the SDK.
    pub(crate) instance_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CustomerFields {
    pub(crate) id: String,
    pub(crate) instance_id: Option<String>,
    pub(crate) service_token: Option<String>,
}

/// `POST /v3/instance`.
#[derive(Serialize)]
pub(crate) struct InstanceRequest<'a> {
    pub(crate) machine_fingerprint: &'a str,
    pub(crate) app_status: &'static str,
}

/// The reply to [`InstanceRequest`].
#[derive(Deserialize)]
pub(crate) struct InstanceReply {
    pub(crate) instance_id: String,
}

/// `POST /application/custom-metrics`: replaces the whole set.
#[derive(Serialize)]
pub(crate) struct MetricsRequest<'a> {
    pub(crate) data: &'a Map<String, Value>,
}

/// The content of the header `X-Replicated-InstanceTagData`, before base64.
#[derive(Serialize)]
pub(crate) struct InstanceTagData<'a> {
    pub(crate) force: bool,
    pub(crate) tags: InstanceTags<'a>,
}

#[derive(Serialize)]
pub(crate) struct InstanceTags<'a> {
    pub(crate) name: &'a str,
}

/// What the vendor says about a request that it refuses.
#[derive(Deserialize, Default)]
pub(crate) struct ErrorReply {
    pub(crate) message: Option<String>,
    pub(crate) error: Option<String>,
}

/// The body of a request, as compact JSON.
pub(crate) fn json(body: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(body)
        .map_err(|error| Error::new(ErrorClass::Rejected, format!("The request cannot be written as JSON: {error}.")))
}
