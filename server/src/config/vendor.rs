//! How to reach the vendor's portal.

use std::fs;

use replicated::Timeouts;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::variables::Variables;

/// The vendor section.
#[derive(Debug, Clone)]
pub struct VendorConfig {
    /// `REPLICATED_BASE_URL`.
    pub base_url: Url,
    /// `REPLICATED_PUBLISHABLE_KEY`; without it nothing can be delivered.
    pub publishable_key: Option<SecretString>,
    /// `REPLICATED_APP_SLUG`.
    pub app_slug: String,
    /// `HTTPS_PROXY`, for `https` addresses; may hold credentials.
    pub https_proxy: Option<SecretString>,
    /// `HTTP_PROXY`, for `http` addresses; may hold credentials.
    pub http_proxy: Option<SecretString>,
    /// `NO_PROXY`.
    pub no_proxy: Option<String>,
    /// The content of `SSL_CERT_FILE`: certificates in PEM, trusted beside the system's.
    pub extra_root_certificates: Option<Vec<u8>>,
    /// How long the vendor is waited for; no variable changes it.
    pub timeouts: Timeouts,
}

/// Reads the vendor section.
pub(super) fn read(variables: &mut Variables<'_>) -> VendorConfig {
    VendorConfig {
        base_url: base_url(variables),
        publishable_key: publishable_key(variables),
        app_slug: app_slug(variables),
        https_proxy: proxy(variables, "HTTPS_PROXY", "https_proxy"),
        http_proxy: proxy(variables, "HTTP_PROXY", "http_proxy"),
        no_proxy: variables.text("NO_PROXY").or_else(|| variables.text("no_proxy")),
        extra_root_certificates: extra_root_certificates(variables),
        timeouts: Timeouts::default(),
    }
}

#[expect(clippy::expect_used, reason = "a constant of this file, parsed by every test")]
fn base_url(variables: &mut Variables<'_>) -> Url {
    let default = Url::parse("https://replicated.app").expect("the default is a URL");
    variables.checked_or("REPLICATED_BASE_URL", default, "an http(s) URL such as https://replicated.app", |url| {
        matches!(url.scheme(), "https" | "http")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    })
}

fn publishable_key(variables: &mut Variables<'_>) -> Option<SecretString> {
    let key = variables.secret("REPLICATED_PUBLISHABLE_KEY")?;
    if key.expose_secret().bytes().all(|byte| byte.is_ascii_graphic()) {
        return Some(key);
    }
    variables.fault(
        "REPLICATED_PUBLISHABLE_KEY",
        "is no key (its value is not shown); expected visible ASCII characters without spaces, as the portal shows it",
    );
    None
}

fn app_slug(variables: &mut Variables<'_>) -> String {
    variables.checked_or(
        "REPLICATED_APP_SLUG",
        "openhands-enterprise".to_owned(),
        "lower-case letters, digits and hyphens",
        |slug: &String| slug.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
    )
}

/// Both spellings are in use, and the upper-case one wins, as in most programs.
fn proxy(variables: &mut Variables<'_>, name: &'static str, lower_case: &'static str) -> Option<SecretString> {
    let (name, value) = match variables.secret(name) {
        Some(value) => (name, value),
        None => (lower_case, variables.secret(lower_case)?),
    };
    let url = Url::parse(value.expose_secret());
    if url.is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
        return Some(value);
    }
    variables.fault(
        name,
        "is not a proxy's URL (its value is not shown, as it may hold a password); expected http://host:port or https://host:port",
    );
    None
}

fn extra_root_certificates(variables: &mut Variables<'_>) -> Option<Vec<u8>> {
    let path = variables.text("SSL_CERT_FILE")?;
    let fault = match fs::read(&path) {
        Ok(pem) => match replicated::check_root_certificates(&pem) {
            Ok(()) => return Some(pem),
            Err(error) => format!("names `{path}`, which will not do: {error}"),
        },
        Err(error) => {
            format!("names `{path}`, which cannot be read ({error}); expected a file of certificates in PEM")
        }
    };
    variables.fault("SSL_CERT_FILE", &fault);
    None
}
