//! Whose install this is: the e-mail address under which the vendor knows it.
//!
//! It is looked up by jobs and commands alone, and only while the vendor does not know this install: callers see to that.
//! So neither a broken Keycloak nor a locked table of OHE stops an established install. "Nobody yet" is an answer; "could
//! not be asked" is an error, recorded for the dashboard and repeated with growing waits.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use collectors::{AdministratorError, look_up_administrator};
use domain::administrator::{AdministratorStep, LookupFailure, NOBODY_REMEDY, address, wait_after};
use domain::clock::Clock;
use outbound::{Outbound, OutboundError};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use sqlx::PgPool;
use store::{LookupRecord, LookupResult, Store, StoreError};
use tokio::sync::Mutex;
use tracing::warn;

use crate::config::{Config, KeycloakConfig};

/// For each of the two requests to Keycloak.
const KEYCLOAK_LIMIT: Duration = Duration::from_secs(10);

/// What a look-up found.
#[derive(Debug, Clone)]
pub enum AdministratorAddress {
    /// An address that counts.
    Found {
        /// The address. Never to be logged.
        email: SecretString,
        /// The step that gave it.
        step: AdministratorStep,
    },
    /// Nobody has one yet: nothing is collected and nothing delivered.
    Nobody,
}

/// Why the administrator's address could not be asked for. It does not mean that there is none.
#[derive(Debug, thiserror::Error)]
pub enum AdminEmailError {
    /// OHE's database could not be asked.
    #[error("the administrator's e-mail address could not be looked up in the database of OpenHands Enterprise")]
    Ohe(#[from] AdministratorError),
    /// Keycloak could not be asked.
    #[error("the administrator's e-mail address could not be looked up in Keycloak")]
    Keycloak(#[from] keycloak::Error),
    /// An earlier look-up failed, and it is too soon for another.
    #[error("{error}; this is tried again at {}", until.format("%Y-%m-%d %H:%M:%S UTC"))]
    Waiting {
        /// Why the earlier one failed.
        error: String,
        /// What an administrator can do.
        remedy: String,
        /// When it is tried again.
        until: DateTime<Utc>,
    },
    /// Our own tables could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AdminEmailError {
    /// What an administrator can do.
    pub fn remedy(&self) -> &str {
        match self {
            Self::Ohe(AdministratorError::MayNotRead(_)) => {
                "run grants.sql again, as the owner of the database of OpenHands Enterprise"
            }
            Self::Ohe(AdministratorError::Database(_)) => {
                "see that the database of OpenHands Enterprise answers and that no table of it stays locked"
            }
            Self::Keycloak(error) => error.remedy(),
            Self::Waiting { remedy, .. } => remedy,
            Self::Store(_) => "see that the database answers, and run `ohe-telemetry migrate`",
        }
    }

    /// None where nothing was asked, so that there is nothing to record.
    fn failure(&self) -> Option<LookupFailure> {
        match self {
            Self::Ohe(_) => Some(LookupFailure::Database),
            Self::Keycloak(error) if error.is_refused_login() => Some(LookupFailure::Refused),
            Self::Keycloak(_) => Some(LookupFailure::Keycloak),
            Self::Waiting { .. } | Self::Store(_) => None,
        }
    }
}

/// Finds the administrator's e-mail address, step by step.
#[derive(Debug, Clone)]
pub struct AdminEmail {
    configured: Option<SecretString>,
    ohe: PgPool,
    keycloak: Option<keycloak::Admin>,
    settings: String,
    store: Store,
    clock: Arc<dyn Clock>,
    /// One look-up at a time in this process. Where Keycloak is asked, in all processes: see [`Store::lookup_turn`].
    turn: Arc<Mutex<()>>,
}

/// Keycloak's client cannot be built from the configuration.
#[derive(Debug, thiserror::Error)]
pub enum KeycloakClientError {
    /// The way to Keycloak.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    /// The client itself.
    #[error(transparent)]
    Keycloak(#[from] keycloak::Error),
}

/// What the configuration and OHE's database say.
enum OhesAnswer<'a> {
    /// All that there is to know.
    Complete(AdministratorAddress),
    /// Nobody has an address there; this account in Keycloak may have one.
    UpToKeycloak(&'a keycloak::Admin, String),
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asker {
    /// Waits after every failure.
    Job,
    /// Waits after a refused password alone.
    Person,
}

impl AdminEmail {
    /// Keycloak is asked where its administrator's password is configured.
    ///
    /// # Errors
    /// [`KeycloakClientError`].
    pub fn new(config: &Config, ohe: PgPool, store: Store, clock: Arc<dyn Clock>) -> Result<Self, KeycloakClientError> {
        let keycloak = config.ohe.keycloak.as_ref().and_then(keycloak_settings);
        let settings = keycloak.as_ref().map(|keycloak| fingerprint(keycloak, &config.outbound)).unwrap_or_default();
        let client = |settings: &keycloak::Settings| {
            let (http, _) = config.outbound.http_client(&settings.server_url)?;
            Ok::<_, KeycloakClientError>(keycloak::Admin::new(settings, http)?)
        };
        let keycloak = keycloak.as_ref().map(client).transpose()?;
        let configured = config.ohe.admin_email.clone();
        Ok(Self { configured, ohe, keycloak, settings, store, clock, turn: Arc::default() })
    }

    /// The address, for a job: after a failure, whatever failed is asked again only when its wait is over.
    ///
    /// # Errors
    /// [`AdminEmailError`]: it could not be asked.
    pub async fn find(&self) -> Result<AdministratorAddress, AdminEmailError> {
        self.look_up(Asker::Job).await
    }

    /// The address, for a person who runs a command: only a refused password has to wait.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub async fn find_by_hand(&self) -> Result<AdministratorAddress, AdminEmailError> {
        self.look_up(Asker::Person).await
    }

    /// What the latest look-up came to; none before the first. Asks nobody but our own table.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn latest(&self) -> Result<Option<LookupRecord>, StoreError> {
        self.store.administrator_lookup().await
    }

    /// What an administrator can do where nobody has an address.
    pub fn nobody_remedy(&self) -> &'static str {
        NOBODY_REMEDY
    }

    async fn look_up(&self, asker: Asker) -> Result<AdministratorAddress, AdminEmailError> {
        let _turn = self.turn.lock().await;
        let now = self.clock.now();
        let earlier = self.earlier(asker, now).await?;
        match self.ask_ohe(asker, earlier.as_ref(), now).await {
            Ok(OhesAnswer::Complete(address)) => self.recorded(Ok(address), earlier, now).await,
            Ok(OhesAnswer::UpToKeycloak(keycloak, user_id)) => {
                let turn = self.store.lookup_turn().await?;
                let result = self.ask_keycloak(asker, keycloak, &user_id).await;
                // Dropping it would do as well, a moment later; a broken connection has given it back already.
                let _given_back = turn.end().await;
                result
            }
            Err(error) => self.recorded(Err(error), earlier, now).await,
        }
    }

    /// The latest look-up, as far as it says anything about this one.
    async fn earlier(&self, asker: Asker, now: DateTime<Utc>) -> Result<Option<LookupRecord>, StoreError> {
        match self.store.administrator_lookup().await {
            // Other settings may do; and a time to come was written before the clock stepped back.
            Ok(earlier) => {
                Ok(earlier.filter(|earlier| earlier.settings == self.settings && earlier.looked_up_at <= now))
            }
            // The configured address needs no database, and a person may ask before our tables are there.
            Err(_) if asker == Asker::Person || self.configured.is_some() => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn ask_ohe(
        &self,
        asker: Asker,
        earlier: Option<&LookupRecord>,
        now: DateTime<Utc>,
    ) -> Result<OhesAnswer<'_>, AdminEmailError> {
        if let Some(email) = self.configured.clone() {
            let step = AdministratorStep::Configured;
            return Ok(OhesAnswer::Complete(AdministratorAddress::Found { email, step }));
        }
        if asker == Asker::Job {
            wait_out(LookupFailure::Database, earlier, now)?;
        }
        let lookup = look_up_administrator(&self.ohe).await?;
        Ok(match (lookup.found, &self.keycloak, lookup.first_user_id) {
            (Some((step, email)), _, _) => OhesAnswer::Complete(AdministratorAddress::Found { email, step }),
            (None, Some(keycloak), Some(user_id)) => OhesAnswer::UpToKeycloak(keycloak, user_id),
            (None, _, _) => OhesAnswer::Complete(AdministratorAddress::Nobody),
        })
    }

    /// Asks in this process's turn. Another process may have asked since the latest look-up was read, so it is read again.
    async fn ask_keycloak(
        &self,
        asker: Asker,
        keycloak: &keycloak::Admin,
        user_id: &str,
    ) -> Result<AdministratorAddress, AdminEmailError> {
        let now = self.clock.now();
        let earlier = self.earlier(asker, now).await?;
        if asker == Asker::Job {
            wait_out(LookupFailure::Keycloak, earlier.as_ref(), now)?;
        }
        wait_out(LookupFailure::Refused, earlier.as_ref(), now)?;
        let result = match keycloak.email_of(user_id).await {
            Ok(email) => Ok(match email.as_ref().and_then(|email| address(email.expose_secret())) {
                Some(email) => AdministratorAddress::Found { email: email.into(), step: AdministratorStep::Keycloak },
                None => AdministratorAddress::Nobody,
            }),
            Err(error) => Err(error.into()),
        };
        self.recorded(result, earlier, now).await
    }

    /// Records what a look-up came to, and gives it back.
    async fn recorded(
        &self,
        result: Result<AdministratorAddress, AdminEmailError>,
        earlier: Option<LookupRecord>,
        now: DateTime<Utc>,
    ) -> Result<AdministratorAddress, AdminEmailError> {
        if let Some(record) = self.record(&result, earlier, now)
            && let Err(error) = self.store.record_administrator_lookup(&record).await
        {
            warn!(error = error.to_string(), "the look-up of the administrator's e-mail address could not be recorded");
        }
        result
    }

    fn record(
        &self,
        result: &Result<AdministratorAddress, AdminEmailError>,
        earlier: Option<LookupRecord>,
        now: DateTime<Utc>,
    ) -> Option<LookupRecord> {
        let (failed_before, refused_before) = earlier.map_or((0, None), |earlier| match earlier.result {
            LookupResult::Failed { failures_in_a_row, .. } => (failures_in_a_row, earlier.refused_at),
            _ => (0, earlier.refused_at),
        });
        let mut refused_at = refused_before;
        let result = match result {
            Ok(AdministratorAddress::Found { step, .. }) => LookupResult::Found(*step),
            Ok(AdministratorAddress::Nobody) => LookupResult::Nobody,
            Err(error) => {
                let failure = error.failure()?;
                if failure == LookupFailure::Refused {
                    refused_at = Some(now);
                }
                LookupResult::Failed {
                    failure,
                    error: with_causes(error),
                    remedy: error.remedy().to_owned(),
                    failures_in_a_row: failed_before.saturating_add(1),
                }
            }
        };
        Some(LookupRecord { looked_up_at: now, result, refused_at, settings: self.settings.clone() })
    }
}

/// An error where an earlier failure of this kind has to be waited out.
fn wait_out(kind: LookupFailure, earlier: Option<&LookupRecord>, now: DateTime<Utc>) -> Result<(), AdminEmailError> {
    let Some(earlier) = earlier else { return Ok(()) };
    let latest = match &earlier.result {
        LookupResult::Failed { failure, error, remedy, .. } if *failure == kind => {
            Some((error.clone(), remedy.clone()))
        }
        _ => None,
    };
    let until = match kind {
        // Also where the latest look-up failed for another reason, or found that there is nobody to ask for.
        LookupFailure::Refused => earlier.refused_at.map(|refused_at| refused_at + wait_after(kind, 1)),
        _ => latest.as_ref().and_then(|_| earlier.retry_at()),
    };
    let Some(until) = until.filter(|until| now < *until) else { return Ok(()) };
    let (error, remedy) = latest.unwrap_or_else(|| {
        let refused = AdminEmailError::Keycloak(keycloak::Error::PasswordRefused);
        (with_causes(&refused), refused.remedy().to_owned())
    });
    Err(AdminEmailError::Waiting { error, remedy, until })
}

fn keycloak_settings(config: &KeycloakConfig) -> Option<keycloak::Settings> {
    Some(keycloak::Settings {
        server_url: config.server_url.clone(),
        realm: config.realm.clone(),
        password: config.admin_password.clone()?,
        limit: KEYCLOAK_LIMIT,
    })
}

/// Recognises Keycloak's settings, and the way to it, so that a corrected one is tried at once. Of the password it holds one byte of a digest:
/// too little to guess it by, and enough to see nearly every change; a change that it misses waits for an hour at most.
fn fingerprint(settings: &keycloak::Settings, outbound: &Outbound) -> String {
    let place = Sha256::digest(format!("{} {} {outbound:?}", settings.server_url, settings.realm));
    let password = Sha256::digest(settings.password.expose_secret());
    let place = format!("{place:x}");
    format!("{}-{:02x}", &place[..16], password.first().copied().unwrap_or_default())
}

/// An error with its causes, on one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    std::iter::successors(error.source(), |cause| cause.source())
        .fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
