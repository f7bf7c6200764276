//! How to reach the vendor's portal.

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
    /// How long the vendor is waited for; no variable changes it.
    pub timeouts: Timeouts,
}

/// Reads the vendor section.
pub(super) fn read(variables: &mut Variables<'_>) -> VendorConfig {
    VendorConfig {
        base_url: base_url(variables),
        publishable_key: publishable_key(variables),
        app_slug: app_slug(variables),
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
