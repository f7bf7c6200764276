//! What OHE's own variables say about the install.

use domain::administrator::address;
use secrecy::SecretString;
use url::Url;

use super::variables::Variables;

/// The Keycloak of this install, as far as it is configured.
#[derive(Debug, Clone)]
pub struct KeycloakConfig {
    /// `KEYCLOAK_SERVER_URL`, without a trailing slash.
    pub server_url: Url,
    /// `KEYCLOAK_REALM_NAME`.
    pub realm: String,
    /// `KEYCLOAK_ADMIN_PASSWORD`: lets the administrator's e-mail be looked up.
    pub admin_password: Option<SecretString>,
}

/// The section about the install.
#[derive(Debug, Clone)]
pub struct OheConfig {
    /// Is this OpenHands Enterprise? Keycloak and at least one git provider's app are configured.
    pub is_ohe: bool,
    /// `OPENHANDS_ADMIN_EMAIL`: first choice for the customer's e-mail.
    pub admin_email: Option<SecretString>,
    /// Keycloak, where both its address and its realm are set.
    pub keycloak: Option<KeycloakConfig>,
}

/// Reads the section about the install.
pub(super) fn read(variables: &mut Variables<'_>) -> OheConfig {
    let server_url = keycloak_url(variables);
    let realm = variables.text("KEYCLOAK_REALM_NAME");
    let admin_password = variables.secret("KEYCLOAK_ADMIN_PASSWORD");
    // Each is asked for, so that each shows up among the settings.
    let providers =
        ["GITHUB_APP_CLIENT_ID", "GITLAB_APP_CLIENT_ID", "BITBUCKET_APP_CLIENT_ID"].map(|name| variables.is_set(name));
    let keycloak =
        server_url.zip(realm).map(|(server_url, realm)| KeycloakConfig { server_url, realm, admin_password });
    OheConfig { is_ohe: keycloak.is_some() && providers.contains(&true), admin_email: admin_email(variables), keycloak }
}

fn keycloak_url(variables: &mut Variables<'_>) -> Option<Url> {
    let text = variables.text("KEYCLOAK_SERVER_URL")?;
    match Url::parse(text.trim_end_matches('/')) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Some(url),
        _ => {
            variables.fault(
                "KEYCLOAK_SERVER_URL",
                &format!("is `{text}`; expected an http(s) URL such as https://auth.example.com"),
            );
            None
        }
    }
}

fn admin_email(variables: &mut Variables<'_>) -> Option<SecretString> {
    use secrecy::ExposeSecret as _;
    let email = variables.secret("OPENHANDS_ADMIN_EMAIL")?;
    if let Some(address) = address(email.expose_secret()) {
        return Some(address.into());
    }
    variables.fault("OPENHANDS_ADMIN_EMAIL", "is not an e-mail address; expected name@example.com");
    None
}
