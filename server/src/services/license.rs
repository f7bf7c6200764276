//! What users see: the license status, kept ready so that asking for it costs no query.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use domain::clock::Clock;
use domain::license::{LicenseFacts, LicenseState, LicenseStatus, license_status};
use store::{Store, StoreError, StoreFacts};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// How often the facts are read again. A delivery by any process shows within this time.
const REFRESH: Duration = Duration::from_secs(3);
/// How long the facts may take.
const LIMIT: Duration = Duration::from_secs(10);

/// Answers with the license status.
#[derive(Debug, Clone)]
pub struct LicenseService {
    store: Store,
    is_ohe: bool,
    threshold_days: u16,
    clock: Arc<dyn Clock>,
    ready: Arc<RwLock<Arc<ReadyStatus>>>,
}

/// A status as the public API sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadyStatus {
    /// The JSON body.
    pub body: String,
    /// The entity tag of that body, quotes included.
    pub etag: String,
}

impl ReadyStatus {
    fn new(status: &LicenseStatus) -> Self {
        // The status is strings, numbers and a time: nothing that JSON cannot carry.
        let body = serde_json::to_string(status).unwrap_or_else(|_| r#"{"warn":false,"message":""}"#.to_owned());
        // FNV-1a: the tag only has to differ when the body does.
        let hash = body
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Self { etag: format!("\"{hash:016x}\""), body }
    }
}

impl LicenseService {
    /// The license of an install; `is_ohe` by its configuration.
    pub fn new(store: Store, is_ohe: bool, threshold_days: u16, clock: Arc<dyn Clock>) -> Self {
        let unknown = if is_ohe { LicenseState::Ok } else { LicenseState::NotApplicable };
        let ready = ReadyStatus::new(&LicenseStatus::quiet(unknown));
        Self { store, is_ohe, threshold_days, clock, ready: Arc::new(RwLock::new(Arc::new(ready))) }
    }

    /// Its own connection to our tables.
    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    /// The facts that the rule looks at, read now.
    ///
    /// # Errors
    /// [`StoreError`] where they cannot be read.
    pub async fn facts(&self) -> Result<LicenseFacts, StoreError> {
        Ok(self.facts_of(&self.store.facts(self.clock.now()).await?))
    }

    /// The facts that the rule looks at, out of all that were read.
    pub fn facts_of(&self, facts: &StoreFacts) -> LicenseFacts {
        LicenseFacts {
            is_ohe: self.is_ohe,
            last_upload: facts.last_upload,
            overdue_since: facts.overdue_since,
            threshold_days: self.threshold_days,
        }
    }

    /// The last known status, ready to send. Costs no query and no waiting.
    pub fn ready(&self) -> Arc<ReadyStatus> {
        Arc::clone(&self.ready.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Keeps [`Self::ready`] fresh until `shutdown`. While the database is away the last known facts stay in force, and
    /// time goes on: the rule is applied to them at each turn.
    pub async fn keep_fresh(&self, shutdown: CancellationToken) {
        let mut known = None;
        let mut away = false;
        loop {
            // A database that never answers is as good as none.
            let read = tokio::time::timeout(LIMIT, self.facts()).await;
            match read.unwrap_or_else(|_| Err(StoreError::NoAnswer)) {
                Ok(facts) => {
                    if away {
                        info!("the license facts can be read again");
                    }
                    (known, away) = (Some(facts), false);
                }
                Err(error) if !away => {
                    warn!(
                        error = error.to_string(),
                        "the license facts cannot be read; the last known ones stay in force"
                    );
                    away = true;
                }
                Err(_) => {}
            }
            if let Some(facts) = &known {
                self.publish(&license_status(facts, self.clock.now()));
            }
            if shutdown.run_until_cancelled(tokio::time::sleep(REFRESH)).await.is_none() {
                return;
            }
        }
    }

    fn publish(&self, status: &LicenseStatus) {
        let ready = ReadyStatus::new(status);
        if *self.ready() != ready {
            *self.ready.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ready);
        }
    }
}
