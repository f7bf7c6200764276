//! Signing in and reading an account.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::reply::{Refusal, refusal};
use crate::{Error, Step};

/// Where Keycloak is, and whose accounts are read.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address of the server, with its path where it has one.
    pub server_url: Url,
    /// The realm of the users.
    pub realm: String,
    /// The password of the built-in administrator.
    pub password: SecretString,
    /// How long each of the two requests may take, from the name to the last byte of the answer.
    pub limit: Duration,
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
    /// A client. `http` says how Keycloak is reached: through which proxy, and which certificates are trusted.
    ///
    /// # Errors
    /// [`Error::Client`].
    pub fn new(settings: &Settings, http: ClientBuilder) -> Result<Self, Error> {
        let http = http.timeout(settings.limit).redirect(Policy::none()).build().map_err(Error::Client)?;
        Ok(Self {
            http,
            server_url: settings.server_url.clone(),
            realm: settings.realm.clone(),
            password: settings.password.clone(),
        })
    }

    /// The e-mail address of a user; `None` if the user is gone, is disabled, or has no address.
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
        below(&self.server_url, segments)
    }
}

fn below(server_url: &Url, segments: &[&str]) -> Url {
    let mut url = server_url.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

/// The body of an answer; `None` if it says that there is no such user.
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
    // Read before it is parsed: an answer that breaks off is none, while one that is whole and no JSON is another server's.
    let body = response.bytes().await.map_err(unreachable)?;
    // The text of the parser's error may quote the body.
    serde_json::from_slice(&body).map(Some).map_err(|_| Error::BadReply { step, status: status.as_u16() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_kept_and_a_slash_at_its_end_changes_nothing() {
        for (server_url, expected) in [
            ("https://auth.example", "https://auth.example/realms/master"),
            ("https://auth.example/", "https://auth.example/realms/master"),
            ("HTTPS://Auth.Example:443/", "https://auth.example/realms/master"),
            ("http://auth.example:8080/auth", "http://auth.example:8080/auth/realms/master"),
            ("http://auth.example:8080/auth/", "http://auth.example:8080/auth/realms/master"),
            ("http://auth.example/Idp/Auth", "http://auth.example/Idp/Auth/realms/master"),
        ] {
            let server_url = Url::parse(server_url).unwrap();
            assert_eq!(below(&server_url, &["realms", "master"]).as_str(), expected);
        }
        let server_url = Url::parse("https://auth.example/auth").unwrap();
        assert_eq!(below(&server_url, &["users", "../a?b#c"]).path(), "/auth/users/..%2Fa%3Fb%23c");
    }
}
