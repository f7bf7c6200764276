//! What may be sent as metrics, and the exact bytes of it.

use domain::delivery::ErrorClass;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::Error;
use crate::wire::{self, MetricsRequest};

/// The body of a delivery, byte for byte: what goes over the wire, what is hashed and what is shown are this one value.
///
/// The same metrics always make the same bytes: compact JSON, the keys in the order of the map.
///
/// ```
/// use replicated::MetricsBody;
/// use serde_json::json;
///
/// let body = MetricsBody::of(json!({"total_users": 42}).as_object().unwrap()).unwrap();
/// assert_eq!(body.bytes(), br#"{"data":{"total_users":42}}"#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricsBody(Vec<u8>);

impl MetricsBody {
    /// The body that carries `metrics`, the complete set.
    ///
    /// # Errors
    /// [`ErrorClass::Rejected`] without a status for a set that the vendor would refuse: an empty one, or one that holds
    /// anything but strings, numbers and booleans.
    pub fn of(metrics: &Map<String, Value>) -> Result<Self, Error> {
        check(metrics)?;
        Ok(Self(wire::json(&MetricsRequest { data: metrics })?))
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The SHA-256 of the bytes, as 64 lower-case hexadecimal digits.
    pub fn sha256(&self) -> String {
        format!("{:x}", Sha256::digest(&self.0))
    }
}

/// Refuses what the vendor would refuse, or worse, accept and never be able to show.
///
/// The portal takes scalars only (string, number, boolean), and a set must not be empty: an empty one would wipe what
/// the portal shows.
fn check(metrics: &Map<String, Value>) -> Result<(), Error> {
    if metrics.is_empty() {
        return Err(refused("The batch holds no metrics; the vendor takes at least one."));
    }
    for (key, value) in metrics {
        let kind = match value {
            Value::Null => "null",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
            Value::Bool(_) | Value::Number(_) | Value::String(_) if key.is_empty() => {
                return Err(refused("A metric has no name."));
            }
            Value::Bool(_) | Value::Number(_) | Value::String(_) => continue,
        };
        let key = crate::redact::excerpt(key, &[]);
        return Err(refused(format!(
            "The metric \"{key}\" is {kind}; the vendor takes strings, numbers and booleans only."
        )));
    }
    Ok(())
}

fn refused(message: impl Into<String>) -> Error {
    Error::new(ErrorClass::Rejected, message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_same_metrics_make_the_same_bytes_with_the_same_digest() {
        let metrics = json!({"b": "free", "a": 1.0, "c": true});
        let body = MetricsBody::of(metrics.as_object().unwrap()).unwrap();
        assert_eq!(body.bytes(), br#"{"data":{"a":1.0,"b":"free","c":true}}"#);
        // printf '%s' '{"data":{"a":1.0,"b":"free","c":true}}' | sha256sum
        assert_eq!(body.sha256(), "e098127be8e2f50aa0d4740c379601eb2feaa82114f80612a92758d3e7fa3941");
    }

    #[test]
    fn only_non_empty_sets_of_named_scalars_pass() {
        for (metrics, message) in [
            (json!({"a": 1, "b": 1.5, "c": "free", "d": true, "e": ""}), None),
            (json!({}), Some("holds no metrics")),
            (json!({"a": null}), Some("\"a\" is null")),
            (json!({"a": 1, "b": [1]}), Some("\"b\" is a list")),
            (json!({"a": {"x": 1}}), Some("\"a\" is an object")),
            (json!({"": 1}), Some("no name")),
        ] {
            let outcome = check(metrics.as_object().unwrap());
            match message {
                None => assert!(outcome.is_ok(), "{metrics}"),
                Some(part) => {
                    let error = outcome.unwrap_err();
                    assert!(error.message.contains(part), "{} for {metrics}", error.message);
                    assert_eq!((error.class, error.http_status), (ErrorClass::Rejected, None));
                }
            }
        }
    }
}
