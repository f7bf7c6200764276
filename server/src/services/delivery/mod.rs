//! Delivering batches to the vendor, one sender at a time.

mod recording;
mod registration;
mod reregistration;
mod run;
mod session;

use std::sync::Arc;

use domain::clock::Clock;
use replicated::{Client, Settings, SettingsError};
use secrecy::SecretString;
use serde::Serialize;
use store::{ExclusiveRight, Store, StoreError};
use tokio_util::sync::CancellationToken;
use tracing::info;
use url::Url;

pub use self::reregistration::{IdentityStatus, IdentitySummary, ReregistrationOutcome};

use self::registration::established;
use self::run::Run;
use self::session::{Message, Session};
use super::admin_email::{AdminEmail, AdminEmailError};
use super::collection::SkipReason;
use crate::config::Config;

/// The name and version under which the vendor sees us, and the version label of every check-in.
const PRODUCT: &str = "ohe-telemetry";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Delivers batches and checks in.
#[derive(Debug, Clone)]
pub struct DeliveryService {
    store: Store,
    client: Option<Client>,
    base_url: Url,
    admin_email: AdminEmail,
    clock: Arc<dyn Clock>,
}

/// What a delivery run came to, as `upload` prints it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum DeliveryOutcome {
    /// Batches were sent.
    Completed {
        /// The vendor accepted these.
        uploaded: u64,
        /// These failed, for now or for good.
        failed: u64,
        /// Both together.
        total_processed: u64,
    },
    /// No batch waits; at most a delivered one was sent again, because the portal showed an older one.
    NoPendingMetrics,
    /// The vendor heard that we live.
    CheckedIn,
    /// Nothing was sent.
    Skipped {
        /// Why not.
        reason: SkipReason,
        /// Always zero.
        total_processed: u64,
    },
}

/// Why a run failed as a whole. A refusal of the vendor is no such failure: it is counted and recorded.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// Our tables could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nobody could be asked whose install this is.
    #[error(transparent)]
    AdminEmail(#[from] AdminEmailError),
    /// The vendor could not be asked who we are, or did not accept our check-in; recorded already.
    #[error("the vendor's portal could not be reached or refused")]
    Vendor(#[from] replicated::Error),
    /// The registration made way for that of another process, which had taken over the right to send.
    #[error("another process registered this install at the same moment; nothing was sent, and the next run goes on")]
    RegisteredElsewhere,
    /// No key, so the vendor cannot be asked who we are.
    #[error(
        "REPLICATED_PUBLISHABLE_KEY is not set, so nothing can be delivered; set it to the key of the vendor's portal"
    )]
    NoKey,
}

impl DeliveryService {
    /// A service that sends to the portal of `config`.
    ///
    /// # Errors
    /// [`SettingsError`] where the configuration does not make a client.
    pub fn new(
        store: Store,
        config: &Config,
        admin_email: AdminEmail,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SettingsError> {
        let key = config.vendor.publishable_key.as_ref();
        let client = key.map(|key| Client::new(&settings(config, key), Arc::clone(&clock)));
        Ok(Self { store, client: client.transpose()?, base_url: config.vendor.base_url.clone(), admin_email, clock })
    }

    /// The vendor's address: scheme, host and port.
    pub fn vendor_address(&self) -> String {
        self.base_url.origin().ascii_serialization()
    }

    /// Delivers all waiting batches, oldest first; the newest is always the last one sent.
    ///
    /// # Errors
    /// [`DeliveryError`]; whatever was delivered until then is recorded.
    pub async fn deliver(&self) -> Result<DeliveryOutcome, DeliveryError> {
        self.deliver_waiting(&CancellationToken::new()).await
    }

    /// The same by schedule: not while the vendor has asked to be left alone, which it may have done since this was found
    /// due; and beginning with no further batch once `stop` is cancelled: the rest is due again then.
    ///
    /// # Errors
    /// As [`Self::deliver`].
    pub async fn deliver_until(&self, stop: &CancellationToken) -> Result<DeliveryOutcome, DeliveryError> {
        if self.leaves_the_vendor_alone().await? {
            return Ok(skipped(SkipReason::RetryAfter));
        }
        self.deliver_waiting(stop).await
    }

    async fn leaves_the_vendor_alone(&self) -> Result<bool, StoreError> {
        let now = self.clock.now();
        Ok(self.store.facts(now).await?.retry_after.is_some_and(|asked| asked.is_in_force(now)))
    }

    async fn deliver_waiting(&self, stop: &CancellationToken) -> Result<DeliveryOutcome, DeliveryError> {
        if !self.has_something_to_send().await? {
            return Ok(DeliveryOutcome::NoPendingMetrics);
        }
        let Some(mut lock) = self.store.try_sender_lock().await? else {
            return Ok(skipped(SkipReason::AnotherSender));
        };
        let outcome = self.deliver_locked(&mut lock, stop).await;
        // Dropping it would do as well, a moment later; a broken connection has given it back already.
        let _given_back = lock.release().await;
        outcome
    }

    async fn has_something_to_send(&self) -> Result<bool, StoreError> {
        let facts = self.store.facts(self.clock.now()).await?;
        Ok(facts.pending > 0 || facts.portal_is_stale)
    }

    async fn deliver_locked(
        &self,
        lock: &mut ExclusiveRight,
        stop: &CancellationToken,
    ) -> Result<DeliveryOutcome, DeliveryError> {
        let client = self.client.as_ref().ok_or(DeliveryError::NoKey)?;
        let Some(session) = self.session(client).await? else {
            info!("no administrator's e-mail address is known yet; nothing is delivered");
            return Ok(skipped(SkipReason::NoAdminEmail));
        };
        let mut run = Run::new(self, session);
        run.deliver_all(lock, stop).await?;
        let Run { mut session, tally, .. } = run;
        if tally.uploaded > 0 && !tally.is_rate_limited {
            // The batches are delivered whatever becomes of this; it is recorded, and repeated when it is due.
            let _recorded = self.check_in_as(&mut session).await;
        }
        info!(uploaded = tally.uploaded, failed = tally.failed, sent_again = tally.sent_again, "delivery ended");
        if !tally.had_pending {
            return Ok(DeliveryOutcome::NoPendingMetrics);
        }
        Ok(DeliveryOutcome::Completed {
            uploaded: tally.uploaded,
            failed: tally.failed,
            total_processed: tally.uploaded + tally.failed,
        })
    }

    /// Tells the vendor that this install is alive, unless it has asked to be left alone.
    ///
    /// # Errors
    /// [`DeliveryError`].
    pub async fn check_in(&self) -> Result<DeliveryOutcome, DeliveryError> {
        let client = self.client.as_ref().ok_or(DeliveryError::NoKey)?;
        if established(&self.store.identity().await?).is_none() {
            return Ok(skipped(SkipReason::NoIdentity));
        }
        if self.leaves_the_vendor_alone().await? {
            return Ok(skipped(SkipReason::RetryAfter));
        }
        let Some(lock) = self.store.try_sender_lock().await? else {
            return Ok(skipped(SkipReason::AnotherSender));
        };
        let outcome = self.check_in_locked(client).await;
        let _given_back = lock.release().await;
        outcome
    }

    async fn check_in_locked(&self, client: &Client) -> Result<DeliveryOutcome, DeliveryError> {
        let Some(mut session) = self.established_session(client).await? else {
            return Ok(skipped(SkipReason::NoIdentity));
        };
        self.check_in_as(&mut session).await.map(|()| DeliveryOutcome::CheckedIn)
    }

    async fn check_in_as(&self, session: &mut Session<'_>) -> Result<(), DeliveryError> {
        self.send(session, Message::CheckIn).await??;
        Ok(())
    }
}

fn settings(config: &Config, publishable_key: &SecretString) -> Settings {
    Settings {
        base_url: config.vendor.base_url.clone(),
        publishable_key: publishable_key.clone(),
        app_slug: config.vendor.app_slug.clone(),
        product: PRODUCT.to_owned(),
        version: VERSION.to_owned(),
        timeouts: config.vendor.timeouts,
        outbound: config.outbound.clone(),
    }
}

fn skipped(reason: SkipReason) -> DeliveryOutcome {
    DeliveryOutcome::Skipped { reason, total_processed: 0 }
}
