//! Whose install this is: the e-mail address under which the vendor knows it. Looked up only when a job runs.

use collectors::{CollectError, first_administrator};
use secrecy::SecretString;
use sqlx::PgPool;
use tracing::warn;

use super::keycloak_admin::KeycloakAdmin;

/// Finds the administrator's e-mail address, tier by tier.
#[derive(Debug, Clone)]
pub struct AdminEmail {
    configured: Option<SecretString>,
    ohe: PgPool,
    keycloak: Option<KeycloakAdmin>,
}

impl AdminEmail {
    /// `configured` is `OPENHANDS_ADMIN_EMAIL`; `keycloak` is there where its administrator's password is configured.
    pub fn new(configured: Option<SecretString>, ohe: PgPool, keycloak: Option<KeycloakAdmin>) -> Self {
        Self { configured, ohe, keycloak }
    }

    /// The address, or none: then nothing is collected and nothing delivered.
    ///
    /// A Keycloak that cannot be asked is as good as none, and logged: this runs again at the next check.
    ///
    /// # Errors
    /// [`CollectError`] where OHE's database cannot be read.
    pub async fn find(&self) -> Result<Option<SecretString>, CollectError> {
        if let Some(email) = &self.configured {
            return Ok(Some(email.clone()));
        }
        let first = first_administrator(&self.ohe).await?;
        if first.email.is_some() {
            return Ok(first.email);
        }
        let (Some(keycloak), Some(user_id)) = (&self.keycloak, first.keycloak_user_id) else { return Ok(None) };
        match keycloak.email_of(&user_id).await {
            Ok(email) => Ok(email),
            Err(error) => {
                warn!(error = error.to_string(), "Keycloak could not be asked for the administrator's e-mail address");
                Ok(None)
            }
        }
    }
}
