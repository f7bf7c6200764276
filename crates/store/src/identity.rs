//! Who this install is to the vendor.
//!
//! The customer, the instance, the service token and the address are always of one and the same registration: they are
//! written together, and whatever is added later is added only to the registration that it belongs to.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row as _};

use crate::audit::{NewAuditEntry, insert_audit_entry};
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
    /// The e-mail address the customer was registered with; `None` if an earlier release registered it.
    pub customer_email: Option<SecretString>,
    /// How that address was found.
    pub customer_email_step: Option<String>,
    /// A keyed hash of that address: enough to recognise it, not to tell it. None where no customer was registered by this
    /// program.
    pub customer_email_hash: Option<String>,
    /// When the customer was registered; `None` if an earlier release did it.
    pub registered_at: Option<DateTime<Utc>>,
    /// Our own id of this install: 64 hexadecimal digits, made once in each database and never changed.
    pub cluster_id: String,
}

/// What the vendor returned to one registration, with the address it was asked with.
#[derive(Debug, Clone)]
pub struct Registration {
    /// The vendor's id of the customer.
    pub customer_id: String,
    /// The vendor's id of the instance; `None` if it is yet to be asked for.
    pub instance_id: Option<String>,
    /// The vendor's token; `None` if requests carry the publishable key.
    pub service_token: Option<SecretString>,
    /// The address.
    pub customer_email: SecretString,
    /// Its keyed hash, by which an earlier release, after a roll-back, recognises it.
    pub customer_email_hash: String,
    /// How the address was found.
    pub customer_email_step: Option<String>,
    /// When.
    pub registered_at: DateTime<Utc>,
}

/// No `*`: a table without one of these columns is one that was not migrated, and the database says so.
const IDENTITY: &str = "SELECT customer_id, instance_id, service_token, customer_email, customer_email_step,
                               customer_email_hash, registered_at, cluster_id
                        FROM telemetry_identity WHERE id = 1";

impl Store {
    /// Who this install is. The first call in a database makes the cluster id.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn identity(&self) -> Result<Identity, StoreError> {
        let known = sqlx::query_as(IDENTITY).fetch_optional(&self.pool).await?;
        if let Some(identity) = known {
            return Ok(identity);
        }
        sqlx::query("INSERT INTO telemetry_identity (id) VALUES (1) ON CONFLICT (id) DO NOTHING")
            .execute(&self.pool)
            .await?;
        Ok(sqlx::query_as(IDENTITY).fetch_one(&self.pool).await?)
    }

    /// Puts a registration in the place of whatever was known, as a whole, and returns what is known now. `audit` is recorded
    /// with it or not at all.
    ///
    /// # Errors
    /// Any [`StoreError`]; then nothing was changed.
    pub async fn replace_identity(
        &self,
        registration: &Registration,
        audit: Option<&NewAuditEntry>,
    ) -> Result<Identity, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let identity = sqlx::query_as(
            "INSERT INTO telemetry_identity (id, customer_id, instance_id, service_token, customer_email,
                                             customer_email_step, customer_email_hash, registered_at)
             VALUES (1, $1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (id) DO UPDATE
             SET customer_id = excluded.customer_id,
                 instance_id = excluded.instance_id,
                 service_token = excluded.service_token,
                 customer_email = excluded.customer_email,
                 customer_email_step = excluded.customer_email_step,
                 customer_email_hash = excluded.customer_email_hash,
                 registered_at = excluded.registered_at
             RETURNING *",
        )
        .bind(&registration.customer_id)
        .bind(&registration.instance_id)
        .bind(registration.service_token.as_ref().map(ExposeSecret::expose_secret))
        .bind(registration.customer_email.expose_secret())
        .bind(&registration.customer_email_step)
        .bind(&registration.customer_email_hash)
        .bind(registration.registered_at)
        .fetch_one(&mut *transaction)
        .await?;
        if let Some(entry) = audit {
            insert_audit_entry(&mut *transaction, entry).await?;
        }
        transaction.commit().await?;
        Ok(identity)
    }

    /// Adds the instance to the registration that it was asked for with, unless another one has taken its place. Was it added?
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn complete_identity(&self, registration: &Registration, instance_id: &str) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "UPDATE telemetry_identity SET instance_id = $1
             WHERE id = 1 AND instance_id IS NULL AND customer_id = $2 AND service_token IS NOT DISTINCT FROM $3",
        )
        .bind(instance_id)
        .bind(&registration.customer_id)
        .bind(registration.service_token.as_ref().map(ExposeSecret::expose_secret))
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Adds the address to an identity of an earlier release, unless it has one or is another customer's by now. Was it added?
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn complete_customer_email(
        &self,
        customer_id: &str,
        email: &SecretString,
        step: Option<&str>,
        hash: &str,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "UPDATE telemetry_identity
             SET customer_email = $2, customer_email_step = $3, customer_email_hash = $4
             WHERE id = 1 AND customer_id = $1 AND customer_email IS NULL
                AND coalesce(customer_email_hash, $4) = $4",
        )
        .bind(customer_id)
        .bind(email.expose_secret())
        .bind(step)
        .bind(hash)
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() > 0)
    }
}

impl FromRow<'_, PgRow> for Identity {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let secret = |column| row.try_get::<Option<String>, _>(column).map(|value| value.map(SecretString::from));
        Ok(Self {
            customer_id: row.try_get("customer_id")?,
            instance_id: row.try_get("instance_id")?,
            service_token: secret("service_token")?,
            customer_email: secret("customer_email")?,
            customer_email_step: row.try_get("customer_email_step")?,
            customer_email_hash: row.try_get("customer_email_hash")?,
            registered_at: row.try_get("registered_at")?,
            cluster_id: row.try_get("cluster_id")?,
        })
    }
}
