//! Requests over the wire, and nothing about what they mean.

use std::sync::Arc;

use domain::clock::Clock;
use outbound::Route;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::reply::Answer;
use crate::{Error, Settings, SettingsError, Timeouts, failure, headers, reply};

/// One request. Always a POST of JSON.
pub(crate) struct Request<'a> {
    pub(crate) path: &'static str,
    /// The complete value of `Authorization`.
    pub(crate) authorization: SecretString,
    pub(crate) headers: Vec<(&'static str, String)>,
    /// JSON.
    pub(crate) body: Vec<u8>,
    /// What the reply must not be quoted with, besides what `authorization` holds.
    pub(crate) secrets: Vec<&'a SecretString>,
}

/// The way to the vendor: connections, TLS, proxy and time limits.
#[derive(Clone)]
pub(crate) struct Transport {
    http: reqwest::Client,
    base_url: Url,
    route: Route,
    timeouts: Timeouts,
    clock: Arc<dyn Clock>,
}

impl Transport {
    pub(crate) fn new(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Self, SettingsError> {
        let base_url = checked_base_url(&settings.base_url)?;
        let (builder, route) = settings.outbound.http_client(&base_url)?;
        let builder = builder
            .user_agent(headers::user_agent(&settings.product, &settings.version))
            .connect_timeout(settings.timeouts.connect)
            .timeout(settings.timeouts.total);
        let http = builder.build().map_err(|e| SettingsError::Http(e.without_url()))?;
        Ok(Self { http, base_url, route, timeouts: settings.timeouts, clock })
    }

    /// Sends `request` and reads the reply: a 2xx whose body arrived whole and is text.
    pub(crate) async fn send(&self, request: Request<'_>) -> Result<Answer, Error> {
        let mut authorization = HeaderValue::from_str(request.authorization.expose_secret()).map_err(|_| {
            Error::new(
                domain::delivery::ErrorClass::Auth,
                "The stored service token cannot stand in a header; the install has to be registered again.",
            )
        })?;
        authorization.set_sensitive(true);
        let mut outgoing = self
            .http
            .post(self.url(request.path))
            .header(CONTENT_TYPE, "application/json")
            .header(AUTHORIZATION, authorization);
        for (name, value) in &request.headers {
            outgoing = outgoing.header(*name, headers::visible_ascii(value));
        }
        let response = outgoing
            .body(request.body)
            .send()
            .await
            .map_err(|error| failure::classify(error, &self.route, self.timeouts))?;
        let mut secrets: Vec<&str> = request.authorization.expose_secret().split(' ').collect();
        secrets.extend(request.secrets.iter().map(|secret| secret.expose_secret()));
        let failed = |error| failure::classify(error, &self.route, self.timeouts);
        reply::read(response, self.clock.now(), &secrets, &self.route, failed).await
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.base_url.clone();
        let path = format!("{}{path}", url.path().trim_end_matches('/'));
        url.set_path(&path);
        url
    }
}

fn checked_base_url(url: &Url) -> Result<Url, SettingsError> {
    let plain =
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    if plain && url.has_host() && matches!(url.scheme(), "http" | "https") {
        Ok(url.clone())
    } else {
        Err(SettingsError::BaseUrl)
    }
}
