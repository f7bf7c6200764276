//! Who this install is to the vendor.

use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row as _};

use crate::{Store, StoreError};

/// Who this install is.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The vendor's id of the customer; none until the vendor has given one.
    pub customer_id: Option<String>,
    /// The vendor's id of this instance; none until the vendor has given one.
    pub instance_id: Option<String>,
    /// The vendor's token for this install.
    pub service_token: Option<SecretString>,
    /// A keyed hash of the e-mail address the customer was registered with: enough to recognise that address, not to tell
    /// it. None where no customer was registered by this program.
    pub customer_email_hash: Option<String>,
    /// Our own id of this install: 64 hexadecimal digits, made once in each database and never changed.
    pub cluster_id: String,
}

/// What the vendor returned; what is not given stays as it is.
#[derive(Debug, Clone, Default)]
pub struct IdentityUpdate {
    /// Kept only where none is known yet: an administrator with another e-mail does not make another customer.
    pub customer_id: Option<String>,
    /// Goes with the customer, and is kept like it.
    pub customer_email_hash: Option<String>,
    /// Replaces the one that is known.
    pub instance_id: Option<String>,
    /// Replaces the one that is known.
    pub service_token: Option<SecretString>,
}

impl Store {
    /// Who this install is. The first call in a database makes the cluster id.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn identity(&self) -> Result<Identity, StoreError> {
        let known = sqlx::query_as("SELECT * FROM telemetry_identity WHERE id = 1").fetch_optional(&self.pool).await?;
        match known {
            Some(identity) => Ok(identity),
            None => self.establish_identity(&IdentityUpdate::default()).await,
        }
    }

    /// Stores what the vendor returned, and returns what is known now.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn establish_identity(&self, update: &IdentityUpdate) -> Result<Identity, StoreError> {
        Ok(sqlx::query_as(
            "INSERT INTO telemetry_identity AS known (id, customer_id, instance_id, service_token, customer_email_hash)
             VALUES (1, $1, $2, $3, $4)
             ON CONFLICT (id) DO UPDATE
             SET customer_id = coalesce(known.customer_id, excluded.customer_id),
                 customer_email_hash = coalesce(known.customer_email_hash, excluded.customer_email_hash),
                 instance_id = coalesce(excluded.instance_id, known.instance_id),
                 service_token = coalesce(excluded.service_token, known.service_token)
             RETURNING *",
        )
        .bind(&update.customer_id)
        .bind(&update.instance_id)
        .bind(update.service_token.as_ref().map(ExposeSecret::expose_secret))
        .bind(&update.customer_email_hash)
        .fetch_one(&self.pool)
        .await?)
    }
}

impl FromRow<'_, PgRow> for Identity {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            customer_id: row.try_get("customer_id")?,
            instance_id: row.try_get("instance_id")?,
            service_token: row.try_get::<Option<String>, _>("service_token")?.map(SecretString::from),
            customer_email_hash: row.try_get("customer_email_hash")?,
            cluster_id: row.try_get("cluster_id")?,
        })
    }
}
