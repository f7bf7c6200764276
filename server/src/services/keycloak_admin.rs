//! The one question we put to Keycloak's admin API: what is this user's e-mail address?

use std::time::Duration;

use reqwest::{Certificate, Client, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;

use crate::config::KeycloakConfig;

const TIMEOUT: Duration = Duration::from_secs(10);

/// A client of the admin API, with the built-in administrator's password.
#[derive(Debug, Clone)]
pub struct KeycloakAdmin {
    http: Client,
    server_url: Url,
    realm: String,
    password: SecretString,
}

/// Why Keycloak gave no answer. Never holds the password, the token or an address.
#[derive(Debug, thiserror::Error)]
pub enum KeycloakError {
    /// The HTTP client cannot be built, for instance because of a bad certificate.
    #[error("the HTTP client for Keycloak cannot be set up; check SSL_CERT_FILE")]
    Client(#[source] reqwest::Error),
    /// No answer, or none that can be read.
    #[error("Keycloak at KEYCLOAK_SERVER_URL does not answer as expected ({step})")]
    Unreachable {
        /// What was asked.
        step: &'static str,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// The password is wrong, or the account lacks the right.
    #[error("Keycloak refuses ({step}, HTTP {status}); check KEYCLOAK_ADMIN_PASSWORD and KEYCLOAK_REALM_NAME")]
    Refused {
        /// What was asked.
        step: &'static str,
        /// The status of the reply.
        status: StatusCode,
    },
}

#[derive(Deserialize)]
struct TokenReply {
    access_token: SecretString,
}

#[derive(Deserialize)]
struct UserReply {
    email: Option<SecretString>,
}

impl KeycloakAdmin {
    /// A client, where the administrator's password is configured. Keycloak stands beside OHE, so no proxy is used.
    ///
    /// # Errors
    /// [`KeycloakError::Client`].
    pub fn new(config: &KeycloakConfig, extra_roots: Option<&[u8]>) -> Result<Option<Self>, KeycloakError> {
        let Some(password) = config.admin_password.clone() else { return Ok(None) };
        let roots = extra_roots.map(Certificate::from_pem_bundle).transpose().map_err(KeycloakError::Client)?;
        let http = Client::builder()
            .timeout(TIMEOUT)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .tls_certs_merge(roots.unwrap_or_default())
            .build()
            .map_err(KeycloakError::Client)?;
        Ok(Some(Self { http, server_url: config.server_url.clone(), realm: config.realm.clone(), password }))
    }

    /// The e-mail address of a user; none where the user is gone or has none.
    ///
    /// # Errors
    /// [`KeycloakError`].
    pub async fn email_of(&self, user_id: &str) -> Result<Option<SecretString>, KeycloakError> {
        let token = self.token().await?;
        let step = "reading the account";
        let url = self.url(&["admin", "realms", &self.realm, "users", user_id]);
        let request = self.http.get(url).bearer_auth(token.expose_secret());
        let reply =
            request.send().await.map_err(|source| KeycloakError::Unreachable { step, source: source.without_url() })?;
        match reply.status() {
            StatusCode::NOT_FOUND => return Ok(None),
            status if !status.is_success() => return Err(KeycloakError::Refused { step, status }),
            _ => {}
        }
        let user = reply.json::<UserReply>().await;
        let user = user.map_err(|source| KeycloakError::Unreachable { step, source: source.without_url() })?;
        Ok(user.email.filter(|email| email.expose_secret().contains('@')))
    }

    async fn token(&self) -> Result<SecretString, KeycloakError> {
        let step = "signing in";
        let form = [
            ("grant_type", "password"),
            ("client_id", "admin-cli"),
            ("username", "admin"),
            ("password", self.password.expose_secret()),
        ];
        let url = self.url(&["realms", "master", "protocol", "openid-connect", "token"]);
        let reply = self.http.post(url).form(&form).send().await;
        let reply = reply.map_err(|source| KeycloakError::Unreachable { step, source: source.without_url() })?;
        if !reply.status().is_success() {
            return Err(KeycloakError::Refused { step, status: reply.status() });
        }
        let token = reply.json::<TokenReply>().await;
        Ok(token.map_err(|source| KeycloakError::Unreachable { step, source: source.without_url() })?.access_token)
    }

    /// An address below the server's own path; every segment is escaped, whatever a user's id holds.
    fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.server_url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }
}
