//! Who administrates this install, as far as OHE's database tells.

use std::time::Duration;

use secrecy::SecretString;
use sqlx::PgPool;

use crate::{
    connection::ReadTransaction,
    error::CollectError,
    schema::{Column, Schema},
};

const TABLE: &str = "user_settings";
const ID: Column = Column::new(TABLE, "id");
const ACCEPTED_TOS: Column = Column::new(TABLE, "accepted_tos");
const EMAIL: Column = Column::new(TABLE, "email");
const KEYCLOAK_USER_ID: Column = Column::new(TABLE, "keycloak_user_id");

/// All that the look-up of the administrator ever reads, on either generation.
pub const ADMINISTRATOR_COLUMNS: [Column; 4] = [ID, ACCEPTED_TOS, EMAIL, KEYCLOAK_USER_ID];

/// The whole look-up is two queries over one row per user.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);

/// What is known of the users that accepted the terms of service first.
#[derive(Debug, Default)]
pub struct FirstAdministrator {
    /// The e-mail address of the first of those that have one.
    pub email: Option<SecretString>,
    /// The Keycloak id of the first, for whoever may ask Keycloak for the address.
    pub keycloak_user_id: Option<String>,
}

/// Looks for the first administrator, in a read-only transaction. Users of the same instant are in the order of their
/// ids. What OHE's database lacks is none, not an error.
///
/// # Errors
/// Where the database does not answer.
pub async fn first_administrator(pool: &PgPool) -> Result<FirstAdministrator, CollectError> {
    let mut transaction = ReadTransaction::begin(pool, STATEMENT_TIMEOUT).await?;
    let connection = transaction.connection();
    let catalog = Schema::probe(connection, &[ID, ACCEPTED_TOS, EMAIL, KEYCLOAK_USER_ID]).await?;
    let mut first = FirstAdministrator::default();
    if catalog.has(ID) && catalog.has(ACCEPTED_TOS) {
        if catalog.has(EMAIL) {
            let query = sqlx::query_scalar::<_, String>(
                "SELECT btrim(email) FROM user_settings WHERE accepted_tos IS NOT NULL AND btrim(email) <> ''
                 ORDER BY accepted_tos, id LIMIT 1",
            );
            first.email = query.fetch_optional(&mut *connection).await?.map(SecretString::from);
        }
        if catalog.has(KEYCLOAK_USER_ID) {
            let query = sqlx::query_scalar(
                "SELECT keycloak_user_id FROM user_settings WHERE accepted_tos IS NOT NULL AND keycloak_user_id <> ''
                 ORDER BY accepted_tos, id LIMIT 1",
            );
            first.keycloak_user_id = query.fetch_optional(&mut *connection).await?;
        }
    }
    transaction.end().await?;
    Ok(first)
}
