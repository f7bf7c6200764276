//! Who an install is to the vendor.

use secrecy::SecretString;

/// A customer as the vendor registered it.
#[derive(Debug, Clone)]
pub struct Customer {
    /// The vendor's id of the customer.
    pub id: String,
    /// The vendor's id of the customer's instance; None where it must be made with [`crate::Client::create_instance`].
    pub instance_id: Option<String>,
    /// The token that later requests carry; None where they carry the publishable key instead.
    pub service_token: Option<SecretString>,
}

/// All that the vendor needs to recognise an install. To be stored as soon as it is known.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The vendor's id of the customer.
    pub customer_id: String,
    /// The vendor's id of the instance.
    pub instance_id: String,
    /// This install's own stable id: 64 lower-case hexadecimal digits (the SDK's machine fingerprint).
    pub cluster_id: String,
    /// The token that requests carry; without one they carry the publishable key.
    pub service_token: Option<SecretString>,
}

/// How the application does, in the portal's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppStatus {
    /// It runs.
    Ready,
    /// It is being updated.
    Updating,
    /// It runs in part.
    Degraded,
    /// It does not run.
    Unavailable,
    /// It is not installed, or not yet known.
    Missing,
}

impl AppStatus {
    /// The word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Updating => "updating",
            Self::Degraded => "degraded",
            Self::Unavailable => "unavailable",
            Self::Missing => "missing",
        }
    }
}
