//! What OHE's own variables say about the install.

use domain::administrator::address;
use domain::ohe::OheEnvironment;
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
    /// Is this OpenHands Enterprise? See [`OheEnvironment::is_ohe`].
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
    let is_ohe = is_ohe(variables, server_url.as_ref().map(Url::as_str), realm.as_deref());
    let admin_password = variables.secret("KEYCLOAK_ADMIN_PASSWORD");
    let keycloak =
        server_url.zip(realm).map(|(server_url, realm)| KeycloakConfig { server_url, realm, admin_password });
    OheConfig { is_ohe, admin_email: admin_email(variables), keycloak }
}

/// Every variable is asked for, so that each shows up among the settings.
fn is_ohe(variables: &mut Variables<'_>, keycloak_server_url: Option<&str>, keycloak_realm_name: Option<&str>) -> bool {
    let deployment_mode = variables.text("OH_DEPLOYMENT_MODE");
    let app_mode = variables.text("OH_APP_MODE");
    let enterprise_sso = variables.text("ENABLE_ENTERPRISE_SSO");
    let providers_configured = variables.text("OH_WEB_CLIENT_PROVIDERS_CONFIGURED");
    let environment = OheEnvironment {
        deployment_mode: deployment_mode.as_deref(),
        app_mode: app_mode.as_deref(),
        keycloak_server_url,
        keycloak_realm_name,
        github_client_id: variables.presence("GITHUB_APP_CLIENT_ID"),
        gitlab_client_id: variables.presence("GITLAB_APP_CLIENT_ID"),
        bitbucket_client_id: variables.presence("BITBUCKET_APP_CLIENT_ID"),
        bitbucket_data_center_client_id: variables.presence("BITBUCKET_DATA_CENTER_CLIENT_ID"),
        azure_devops_client_id: variables.presence("AZURE_DEVOPS_CLIENT_ID"),
        enterprise_sso: enterprise_sso.as_deref(),
        providers_configured: providers_configured.as_deref(),
    };
    environment.is_ohe()
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

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn keycloaks_address_may_be_written_in_each_usual_way() {
        for (written, expected) in [
            ("https://auth.example", Some("https://auth.example/")),
            ("https://auth.example//", Some("https://auth.example/")),
            ("HTTPS://Auth.Example:443/", Some("https://auth.example/")),
            (" http://keycloak:8080/auth/ ", Some("http://keycloak:8080/auth")),
            ("http://keycloak:8080/Idp/Auth", Some("http://keycloak:8080/Idp/Auth")),
            ("auth.example", None),
            ("ftp://auth.example", None),
        ] {
            let environment = [("KEYCLOAK_SERVER_URL", written), ("KEYCLOAK_REALM_NAME", "ohe")];
            let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
            let config = Config::read(&environment).ok();
            let server_url = config.and_then(|config| config.ohe.keycloak).map(|keycloak| keycloak.server_url);
            assert_eq!(server_url.as_ref().map(url::Url::as_str), expected, "{written}");
        }
    }
}
