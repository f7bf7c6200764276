//! Why Keycloak gave no answer, by what an administrator does about it.

use std::fmt;

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The administrator's token.
    SignIn,
    /// The user's account.
    Account,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SignIn => "signing in",
            Self::Account => "reading the account",
        })
    }
}

/// Why Keycloak gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The HTTP client cannot be built, for instance because of a bad certificate.
    #[error("the HTTP client for Keycloak cannot be set up")]
    Client(#[source] reqwest::Error),
    /// No connection, or no answer in time.
    #[error("Keycloak does not answer ({step})")]
    Unreachable {
        /// What was asked.
        step: Step,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// An answer that is not Keycloak's.
    #[error("the answer is not Keycloak's ({step}, HTTP {status})")]
    BadReply {
        /// What was asked.
        step: Step,
        /// The status of the answer.
        status: u16,
    },
    /// Keycloak failed (5xx), or is overloaded.
    #[error("Keycloak fails ({step}, HTTP {status})")]
    Failed {
        /// What was asked.
        step: Step,
        /// The status of the answer.
        status: u16,
    },
    /// The administrator's name or password is wrong, or the account is locked. Trying again may lock it out.
    #[error("Keycloak refuses the administrator's password")]
    PasswordRefused,
    /// The administrator may not do this.
    #[error("Keycloak refuses ({step}, HTTP {status})")]
    Refused {
        /// What was asked.
        step: Step,
        /// The status of the answer.
        status: u16,
    },
    /// There is no such realm.
    #[error("Keycloak has no such realm")]
    WrongRealm,
    /// The path of the address is not Keycloak's: usually `/auth` is missing, or too much.
    #[error("Keycloak is not found at this path ({step}, HTTP 404)")]
    WrongPath {
        /// What was asked.
        step: Step,
    },
}

impl Error {
    /// The variable of OpenHands that has to be corrected, or what else can be done.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Client(_) => "correct the certificates in SSL_CERT_FILE",
            Self::Unreachable { .. } => {
                "see that Keycloak is running and can be reached at KEYCLOAK_SERVER_URL: through a proxy by HTTPS_PROXY, past \
                 it by NO_PROXY, and with SSL_CERT_FILE where its certificate is from an authority of your own"
            }
            Self::Failed { .. } => "see that Keycloak is running, and what its log says",
            Self::BadReply { .. } => {
                "set KEYCLOAK_SERVER_URL to Keycloak's own address, without a redirect or a login page"
            }
            Self::PasswordRefused => "correct KEYCLOAK_ADMIN_PASSWORD, or set OPENHANDS_ADMIN_EMAIL and leave it out",
            Self::Refused { .. } => {
                "let Keycloak's administrator `admin` use the client admin-cli and view the users of KEYCLOAK_REALM_NAME, or \
                 set OPENHANDS_ADMIN_EMAIL"
            }
            Self::WrongRealm => "correct KEYCLOAK_REALM_NAME",
            Self::WrongPath { .. } => {
                "correct the path in KEYCLOAK_SERVER_URL: Keycloak serves below /auth only where it is told to, and up to \
                 release 16"
            }
        }
    }

    /// Whether Keycloak has counted a failed login, so that trying again soon does harm.
    pub fn is_refused_login(&self) -> bool {
        matches!(self, Self::PasswordRefused | Self::Refused { step: Step::SignIn, .. })
    }
}
