//! Signing in and reading an account.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::reply::{Refusal, refusal};
use crate::{Error, Step};

/// For each of the two requests.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Where Keycloak is, and whose accounts are read.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address of the server, with its path where it has one.
    pub server_url: Url,
    /// The realm of the users.
    pub realm: String,
    /// The password of the built-in administrator.
    pub password: SecretString,
    /// Certificates to trust besides the system's, in PEM.
    pub extra_root_certificates: Vec<u8>,
}

/// A client of the admin API.
#[derive(Debug, Clone)]
pub struct Admin {
    http: Client,
    server_url: Url,
    realm: String,
    password: SecretString,
}

#[derive(Deserialize)]
struct TokenReply {
    access_token: SecretString,
}

#[derive(Deserialize)]
struct Account {
    email: Option<SecretString>,
    /// Keycloak always says so; an answer without it is taken for an account in use.
    enabled: Option<bool>,
}

impl Admin {
    /// A client. Keycloak stands beside OHE, so no proxy is used.
    ///
    /// # Errors
    /// [`Error::Client`].
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        let roots = Certificate::from_pem_bundle(&settings.extra_root_certificates).map_err(Error::Client)?;
        let http = Client::builder()
            .timeout(TIMEOUT)
            .no_proxy()
            .redirect(Policy::none())
            .tls_certs_merge(roots)
            .build()
            .map_err(Error::Client)?;
        Ok(Self {
            http,
            server_url: settings.server_url.clone(),
            realm: settings.realm.clone(),
            password: settings.password.clone(),
        })
    }

    /// The e-mail address of a user; none where the user is gone, is disabled, or has no address.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn email_of(&self, user_id: &str) -> Result<Option<SecretString>, Error> {
        let token = self.token().await?;
        let url = self.url(&["admin", "realms", &self.realm, "users", user_id]);
        let request = self.http.get(url).bearer_auth(token.expose_secret());
        let account: Option<Account> = read(Step::Account, request.send().await).await?;
        Ok(account.filter(|account| account.enabled != Some(false)).and_then(|account| account.email))
    }

    async fn token(&self) -> Result<SecretString, Error> {
        let form = [
            ("grant_type", "password"),
            ("client_id", "admin-cli"),
            ("username", "admin"),
            ("password", self.password.expose_secret()),
        ];
        let url = self.url(&["realms", "master", "protocol", "openid-connect", "token"]);
        let token: Option<TokenReply> = read(Step::SignIn, self.http.post(url).form(&form).send().await).await?;
        token.map(|token| token.access_token).ok_or(Error::WrongPath { step: Step::SignIn })
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

/// The body of an answer; none where it says that there is no such user.
async fn read<T: DeserializeOwned>(step: Step, sent: reqwest::Result<Response>) -> Result<Option<T>, Error> {
    // Addresses are left out of errors: they may hold credentials, and a user's id.
    let unreachable = |source: reqwest::Error| Error::Unreachable { step, source: source.without_url() };
    let response = sent.map_err(unreachable)?;
    let status = response.status();
    if !status.is_success() {
        // A body that is not Keycloak's says nothing; the status is what counts then.
        let body = response.json::<Refusal>().await.unwrap_or_default();
        return refusal(step, status, &body).map_or(Ok(None), Err);
    }
    match response.json().await {
        Ok(body) => Ok(Some(body)),
        // The text of the error may quote the body.
        Err(error) if error.is_decode() => Err(Error::BadReply { step, status: status.as_u16() }),
        Err(error) => Err(unreachable(error)),
    }
}
