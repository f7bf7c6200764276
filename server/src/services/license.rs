//! What users see: the license status, kept ready so that asking for it costs no query.

use std::sync::Arc;
use std::time::Duration;

use domain::clock::Clock;
use domain::license::{LicenseFacts, LicenseState, LicenseStatus, license_status};
use store::{Store, StoreError, StoreFacts};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// How often the facts are read again. A delivery by any process shows within this time.
const REFRESH: Duration = Duration::from_secs(3);
/// How long the facts may take.
const LIMIT: Duration = Duration::from_secs(10);

/// How long a request waits for the first facts after a start: longer than they take while all is well, and shorter than
/// the patience of whoever asks.
const FIRST_FACTS: Duration = Duration::from_secs(2);

/// Answers with the license status.
#[derive(Debug, Clone)]
pub struct LicenseService {
    store: Store,
    is_ohe: bool,
    threshold_days: u16,
    clock: Arc<dyn Clock>,
    known: watch::Sender<Known>,
}

/// What is known of the license since the start.
#[derive(Debug, Clone)]
enum Known {
    /// The facts were not read yet.
    NotYet,
    /// They could not be read yet.
    Unreadable,
    /// The status, by the last facts that could be read.
    Status(Arc<ReadyStatus>),
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
        let body = serde_json::to_string(status).unwrap_or_else(|_| UNKNOWN_LICENSE_STATUS.to_owned());
        // FNV-1a: the tag only has to differ when the body does.
        let hash = body
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Self { etag: format!("\"{hash:016x}\""), body }
    }
}

/// What the public API sends while nothing is known. It is no state of the license, so the rule never yields it: a client
/// takes it for no answer, and asks again soon.
pub const UNKNOWN_LICENSE_STATUS: &str =
    r#"{"warn":false,"message":"","state":"unknown","expires_at":null,"days_until_expiration":null}"#;

impl LicenseService {
    /// The license of an install; `is_ohe` by its configuration.
    pub fn new(store: Store, is_ohe: bool, threshold_days: u16, clock: Arc<dyn Clock>) -> Self {
        let known = if is_ohe {
            Known::NotYet
        } else {
            // Without OHE there is no license, whatever the facts are.
            Known::Status(Arc::new(ReadyStatus::new(&LicenseStatus::quiet(LicenseState::NotApplicable))))
        };
        Self { store, is_ohe, threshold_days, clock, known: watch::Sender::new(known) }
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

    /// The last known status, ready to send; none while nothing is known. Costs no query, and no waiting but right after
    /// the start, where it waits up to two seconds for the first facts.
    pub async fn ready(&self) -> Option<Arc<ReadyStatus>> {
        if let Known::Status(ready) = &*self.known.borrow() {
            return Some(Arc::clone(ready));
        }
        let mut known = self.known.subscribe();
        let first = tokio::time::timeout(FIRST_FACTS, known.wait_for(|known| !matches!(known, Known::NotYet))).await;
        match first {
            Ok(Ok(known)) => match &*known {
                Known::Status(ready) => Some(Arc::clone(ready)),
                Known::NotYet | Known::Unreadable => None,
            },
            Ok(Err(_)) | Err(_) => None,
        }
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
            self.publish(known.as_ref().map(|facts| license_status(facts, self.clock.now())).as_ref());
            if shutdown.run_until_cancelled(tokio::time::sleep(REFRESH)).await.is_none() {
                return;
            }
        }
    }

    /// Makes a status the one that is known; without one, a status that was known before stays in force.
    fn publish(&self, status: Option<&LicenseStatus>) {
        let ready = status.map(ReadyStatus::new);
        self.known.send_if_modified(|known| match (&*known, ready) {
            (Known::Status(now), Some(ready)) if **now == ready => false,
            (_, Some(ready)) => {
                *known = Known::Status(Arc::new(ready));
                true
            }
            (Known::NotYet, None) => {
                *known = Known::Unreadable;
                true
            }
            (_, None) => false,
        });
    }
}
