//! Whose e-mail address stands for this install, as far as OHE's database tells: steps 2 to 5 of the look-up.
//!
//! Each step is a set of users in an order. The first of them whose address counts is the answer of the step; the first of
//! all of them, whatever their addresses, is the one whose account Keycloak may be asked for.

mod users;

use std::time::Duration;

use domain::administrator::{AdministratorStep, address};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{AssertSqlSafe, PgConnection, PgPool};

pub use self::users::ADMINISTRATOR_COLUMNS;
use self::users::Users;
use crate::connection::ReadTransaction;
use crate::error::CollectError;
use crate::schema::{Column, Schema};

/// The steps that OHE's database answers, in their order.
const STEPS: [AdministratorStep; 5] = [
    AdministratorStep::Superadmin,
    AdministratorStep::DefaultOrgOwner,
    AdministratorStep::AnyUser,
    AdministratorStep::SuperadminWithoutLogin,
    AdministratorStep::UserSettings,
];

/// The whole look-up is a few queries over one row per user.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);

/// Addresses that are fetched at once. SQL leaves out what is certainly no address, so the first nearly always counts.
const PAGE: i64 = 20;

/// What OHE's database says about its administrator.
#[derive(Debug, Default)]
pub struct AdministratorLookup {
    /// The first address that counts, and the step that gave it.
    pub found: Option<(AdministratorStep, SecretString)>,
    /// The Keycloak id of the first user of all steps that were taken. If no step gave an address, all of them were.
    pub first_user_id: Option<String>,
}

/// Why OHE's database could not be asked. It does not mean that there is nobody.
#[derive(Debug, thiserror::Error)]
pub enum AdministratorError {
    /// The database refuses, or does not answer in time, for instance because a table is locked.
    #[error(transparent)]
    Database(#[from] CollectError),
    /// A column exists and may not be read. Passing it over could give the install to the wrong customer.
    #[error("the column {0} of the database of OpenHands Enterprise may not be read")]
    MayNotRead(Column),
}

impl From<sqlx::Error> for AdministratorError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}

/// Looks for the administrator, in one read-only transaction. A step whose tables or columns this release of OHE does not
/// have does not apply.
///
/// # Errors
/// [`AdministratorError`].
pub async fn look_up_administrator(pool: &PgPool) -> Result<AdministratorLookup, AdministratorError> {
    let mut transaction = ReadTransaction::begin(pool, STATEMENT_TIMEOUT).await?;
    let connection = transaction.connection();
    let schema = Schema::probe(connection, &ADMINISTRATOR_COLUMNS).await?;
    let mut lookup = AdministratorLookup::default();
    for step in STEPS {
        let Some(users) = Users::of(step, &schema)? else { continue };
        if lookup.first_user_id.is_none() {
            lookup.first_user_id = first_id(connection, &users).await?;
        }
        if let Some(email) = first_address(connection, &users).await? {
            lookup.found = Some((step, email));
            break;
        }
    }
    if Schema::was_rewritten(transaction.connection(), &ADMINISTRATOR_COLUMNS).await? {
        return Err(CollectError::TablesChanged.into());
    }
    transaction.end().await?;
    Ok(lookup)
}

/// The id of the first of these users that has one.
async fn first_id(connection: &mut PgConnection, users: &Users) -> Result<Option<String>, sqlx::Error> {
    let Users { table, id: Some(id), condition, order, .. } = users else { return Ok(None) };
    let query =
        format!("SELECT btrim({id}) FROM {table} WHERE ({condition}) AND btrim({id}) <> '' ORDER BY {order} LIMIT 1");
    sqlx::query_scalar(AssertSqlSafe(query)).fetch_optional(connection).await
}

/// The first address of these users that counts. One snapshot and an order without ties make the pages fit together.
async fn first_address(connection: &mut PgConnection, users: &Users) -> Result<Option<SecretString>, sqlx::Error> {
    let Users { table, email: Some(email), condition, order, .. } = users else { return Ok(None) };
    let query = format!(
        "SELECT {email} FROM {table} WHERE ({condition}) AND position('@' IN {email}) > 1 ORDER BY {order} \
         OFFSET $1 LIMIT $2"
    );
    let mut offset = 0;
    loop {
        let query = sqlx::query_scalar::<_, String>(AssertSqlSafe(query.clone())).bind(offset).bind(PAGE);
        let page: Vec<_> = query.fetch_all(&mut *connection).await?.into_iter().map(SecretString::from).collect();
        let found = page.iter().find_map(|email| address(email.expose_secret()));
        if found.is_some() || page.is_empty() {
            return Ok(found.map(SecretString::from));
        }
        offset += PAGE;
    }
}
