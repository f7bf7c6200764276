//! Delivering batches to the vendor, one sender at a time.

use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Utc};
use collectors::CollectError;
use domain::clock::Clock;
use domain::delivery::ErrorClass;
use replicated::{AppStatus, Client, ProxySettings, Reply, Session, Settings, SettingsError};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use store::{Attempt, Batch, Call, ExclusiveRight, Failure, IdentityUpdate, Store, StoreError};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use url::Url;
use uuid::Uuid;

use super::admin_email::AdminEmail;
use super::collection::SkipReason;
use crate::config::VendorConfig;

/// The name and version under which the vendor sees us, and the version label of every check-in.
const PRODUCT: &str = "ohe-telemetry";
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Batches read at a time; a delivery goes on until none waits.
const CHUNK: u32 = 50;
/// A run is given up after so many failures in a row that speak of the vendor and not of a batch: the rest would fare alike.
const UNREACHABLE_AFTER: u32 = 3;

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
    /// Nothing waits.
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
    /// OHE's database could not be asked for the administrator.
    #[error("OHE's database could not be asked for its first administrator")]
    AdminEmail(#[from] CollectError),
    /// The vendor could not be asked who we are, or did not accept our check-in; recorded already.
    #[error("the vendor's portal could not be reached or refused")]
    Vendor(#[from] replicated::Error),
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
        config: &VendorConfig,
        admin_email: AdminEmail,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SettingsError> {
        let client = config.publishable_key.as_ref().map(|key| Client::new(&settings(config, key), Arc::clone(&clock)));
        Ok(Self { store, client: client.transpose()?, base_url: config.base_url.clone(), admin_email, clock })
    }

    /// The vendor's address: scheme, host and port.
    pub fn vendor_address(&self) -> String {
        self.base_url.origin().ascii_serialization()
    }

    /// Delivers all waiting batches, oldest first.
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
        if self.store.pending_batches(None, 1).await?.is_empty() {
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

    async fn deliver_locked(
        &self,
        lock: &mut ExclusiveRight,
        stop: &CancellationToken,
    ) -> Result<DeliveryOutcome, DeliveryError> {
        let client = self.client.as_ref().ok_or(DeliveryError::NoKey)?;
        let email = self.admin_email.find().await?;
        let Some(identity) = self.identity(client, email.as_ref()).await? else {
            info!("no administrator's e-mail address is known yet; nothing is delivered");
            return Ok(skipped(SkipReason::NoAdminEmail));
        };
        let session = self.session(client, identity, email).await?;
        let mut run = Run { service: self, session, tally: Tally::default() };
        run.deliver_all(lock, stop).await?;
        let Run { mut session, tally, .. } = run;
        if tally.uploaded > 0 && !tally.is_rate_limited {
            // The batches are delivered whatever becomes of this; it is recorded, and repeated when it is due.
            let _recorded = self.check_in_as(&mut session).await;
        }
        info!(uploaded = tally.uploaded, failed = tally.failed, "delivery ended");
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
        let Some(identity) = established(&self.store.identity().await?) else {
            return Ok(skipped(SkipReason::NoIdentity));
        };
        if self.leaves_the_vendor_alone().await? {
            return Ok(skipped(SkipReason::RetryAfter));
        }
        let Some(lock) = self.store.try_sender_lock().await? else {
            return Ok(skipped(SkipReason::AnotherSender));
        };
        let email = self.admin_email.find().await?;
        let mut session = self.session(client, identity, email).await?;
        let outcome = self.check_in_as(&mut session).await;
        let _given_back = lock.release().await;
        outcome.map(|()| DeliveryOutcome::CheckedIn)
    }

    /// A session that may register again where the vendor has revoked the token, but as the same customer alone: another
    /// e-mail address would make another one.
    async fn session<'a>(
        &self,
        client: &'a Client,
        identity: replicated::Identity,
        email: Option<SecretString>,
    ) -> Result<Session<'a>, StoreError> {
        let known = self.store.identity().await?.customer_email_hash;
        let is_the_customers =
            |email: &SecretString| known.as_ref().is_none_or(|known| *known == email_hash(&identity.cluster_id, email));
        let email = email.filter(is_the_customers);
        Ok(Session::new(client, identity, email))
    }

    async fn check_in_as(&self, session: &mut Session<'_>) -> Result<(), DeliveryError> {
        let call = self.begin(Call::CheckIn, None);
        let result = session.check_in(AppStatus::Ready, VERSION).await;
        self.store_renewed(session).await?;
        self.end(&call, &result).await?;
        result?;
        Ok(())
    }

    /// Who we are to the vendor, asked for where it is not known yet. None where there is nobody to ask as.
    async fn identity(
        &self,
        client: &Client,
        email: Option<&SecretString>,
    ) -> Result<Option<replicated::Identity>, DeliveryError> {
        let known = self.store.identity().await?;
        if let Some(identity) = established(&known) {
            return Ok(Some(identity));
        }
        let Some(email) = email else { return Ok(None) };
        let call = self.begin(Call::Customer, None);
        let result = client.register_customer(email).await;
        self.end(&call, &result).await?;
        let mut customer = result?.value;
        // Stored at once: should the next step fail, the vendor has this customer all the same.
        let known = self
            .store
            .establish_identity(&IdentityUpdate {
                customer_id: Some(customer.id.clone()),
                customer_email_hash: Some(email_hash(&known.cluster_id, email)),
                instance_id: customer.instance_id.clone(),
                service_token: customer.service_token.clone(),
            })
            .await?;
        if customer.instance_id.is_none() {
            let call = self.begin(Call::Instance, None);
            let result = client.create_instance(&customer, &known.cluster_id).await;
            self.end(&call, &result).await?;
            customer.instance_id = Some(result?.value);
            let update = IdentityUpdate { instance_id: customer.instance_id, ..IdentityUpdate::default() };
            return Ok(established(&self.store.establish_identity(&update).await?));
        }
        Ok(established(&known))
    }

    async fn store_renewed(&self, session: &mut Session<'_>) -> Result<(), StoreError> {
        let Some(identity) = session.take_renewed() else { return Ok(()) };
        info!("the vendor had revoked the service token; the install was registered again");
        let update = IdentityUpdate {
            instance_id: Some(identity.instance_id),
            service_token: identity.service_token,
            ..IdentityUpdate::default()
        };
        self.store.establish_identity(&update).await.map(drop)
    }

    fn begin(&self, call: Call, batch_id: Option<Uuid>) -> OpenCall {
        OpenCall { id: Uuid::new_v4(), call, batch_id, started_at: self.clock.now(), started: Instant::now() }
    }

    /// Records a call with its result.
    async fn end<T>(&self, open: &OpenCall, result: &Result<Reply<T>, replicated::Error>) -> Result<(), StoreError> {
        let (http_status, vendor_time, failure) = match result {
            Ok(reply) => (Some(reply.http_status), reply.vendor_time, None),
            Err(error) => {
                warn!(call = open.call.word(), class = %error.class, status = error.http_status, error = %error, "the vendor was not reached or refused");
                let failure =
                    Failure { class: error.class, message: error.message.clone(), retry_after: error.retry_after };
                (error.http_status, error.vendor_time, Some(failure))
            }
        };
        let attempt = Attempt {
            id: open.id,
            call: open.call,
            batch_id: open.batch_id,
            started_at: open.started_at,
            duration: open.started.elapsed(),
            http_status,
            vendor_clock_offset: vendor_time.map(|theirs| theirs - self.clock.now()),
            failure,
        };
        self.store.record_attempt(&attempt).await
    }
}

/// A call that is under way.
struct OpenCall {
    id: Uuid,
    call: Call,
    batch_id: Option<Uuid>,
    started_at: DateTime<Utc>,
    started: Instant,
}

#[derive(Default)]
struct Tally {
    uploaded: u64,
    failed: u64,
    failures_of_the_vendor: u32,
    is_rate_limited: bool,
    refused: Vec<Uuid>,
}

/// One run over all waiting batches.
struct Run<'a> {
    service: &'a DeliveryService,
    session: Session<'a>,
    tally: Tally,
}

impl Run<'_> {
    async fn deliver_all(&mut self, lock: &mut ExclusiveRight, stop: &CancellationToken) -> Result<(), DeliveryError> {
        // A batch that failed stays pending; the run goes on behind it.
        let mut after = None;
        'chunks: loop {
            let batches = self.service.store.pending_batches(after, CHUNK).await?;
            let Some(last) = batches.last() else { break };
            after = Some(last.cursor());
            for batch in &batches {
                if stop.is_cancelled() {
                    break 'chunks;
                }
                if !lock.is_held().await {
                    warn!("the right to send was lost with its connection; the rest is left to whoever has it now");
                    break 'chunks;
                }
                if !self.deliver_one(batch).await? {
                    break 'chunks;
                }
            }
        }
        self.set_refused_aside().await
    }

    /// Sends one batch and records the attempt. Does it make sense to send the next?
    async fn deliver_one(&mut self, batch: &Batch) -> Result<bool, DeliveryError> {
        let call = self.service.begin(Call::Metrics, Some(batch.id));
        let result = self.session.send_metrics(&batch.metrics).await;
        self.service.store_renewed(&mut self.session).await?;
        self.service.end(&call, &result).await?;
        let Err(error) = result else {
            self.tally.uploaded += 1;
            self.tally.failures_of_the_vendor = 0;
            return Ok(true);
        };
        self.tally.failed += 1;
        if error.class == ErrorClass::Rejected {
            self.tally.refused.push(batch.id);
        }
        let is_the_batchs_own = matches!(error.class, ErrorClass::Rejected | ErrorClass::Vendor | ErrorClass::BadReply);
        self.tally.failures_of_the_vendor = if is_the_batchs_own { 0 } else { self.tally.failures_of_the_vendor + 1 };
        self.tally.is_rate_limited = error.class == ErrorClass::RateLimited;
        // Who is asked to slow down, or is not let in, does not knock again at once.
        let stop = matches!(error.class, ErrorClass::RateLimited | ErrorClass::Auth);
        Ok(!stop && self.tally.failures_of_the_vendor < UNREACHABLE_AFTER)
    }

    /// Batches that were refused while others were accepted are at fault themselves. Where nothing was accepted, the
    /// vendor may be; then they stay in line.
    async fn set_refused_aside(&self) -> Result<(), DeliveryError> {
        if self.tally.uploaded == 0 {
            return Ok(());
        }
        for &id in &self.tally.refused {
            if self.service.store.set_aside(id, self.service.clock.now()).await? {
                warn!(batch = %id, "the vendor refuses this batch and accepts others; it is set aside and tried again by hand alone");
            }
        }
        Ok(())
    }
}

/// Recognises an address without holding it: keyed with the install's own id, so that it tells nothing elsewhere.
fn email_hash(cluster_id: &str, email: &SecretString) -> String {
    let digest = Sha256::new().chain_update(cluster_id).chain_update(email.expose_secret()).finalize();
    format!("{digest:x}")
}

fn established(identity: &store::Identity) -> Option<replicated::Identity> {
    Some(replicated::Identity {
        customer_id: identity.customer_id.clone()?,
        instance_id: identity.instance_id.clone()?,
        cluster_id: identity.cluster_id.clone(),
        service_token: identity.service_token.clone(),
    })
}

fn settings(config: &VendorConfig, publishable_key: &SecretString) -> Settings {
    Settings {
        base_url: config.base_url.clone(),
        publishable_key: publishable_key.clone(),
        app_slug: config.app_slug.clone(),
        product: PRODUCT.to_owned(),
        version: VERSION.to_owned(),
        timeouts: config.timeouts,
        extra_root_certificates: config.extra_root_certificates.clone().unwrap_or_default(),
        proxy: ProxySettings {
            https_proxy: config.https_proxy.clone(),
            http_proxy: config.http_proxy.clone(),
            no_proxy: config.no_proxy.clone(),
        },
    }
}

fn skipped(reason: SkipReason) -> DeliveryOutcome {
    DeliveryOutcome::Skipped { reason, total_processed: 0 }
}
