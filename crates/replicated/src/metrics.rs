//! What may be sent as metrics.

use domain::delivery::ErrorClass;
use serde_json::{Map, Value};

use crate::Error;

/// Refuses what the vendor would refuse, or worse, accept and never be able to show.
///
/// The portal takes scalars only (string, number, boolean), and a set must not be empty: an empty one would wipe what
/// the portal shows.
pub(crate) fn check(metrics: &Map<String, Value>) -> Result<(), Error> {
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
