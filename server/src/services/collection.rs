//! Collecting one batch.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use collectors::{Collection, CollectionOptions, Registry};
use domain::clock::Clock;
use domain::collector::{CollectorRun, CollectorStatus};
use domain::metric::MetricValue;
use domain::schedule::{NotNow, Occasion, Plan, plan};
use serde::Serialize;
use serde_json::Value;
use sqlx::PgPool;
use store::{Insertion, NewBatch, Store};
use tracing::{info, warn};

use super::admin_email::{AdminEmail, AdminEmailError, AdministratorAddress};
use crate::config::ScheduleConfig;

/// Collects batches and stores them.
#[derive(Debug, Clone)]
pub struct CollectionService {
    pub(super) store: Store,
    pub(super) ohe: PgPool,
    pub(super) registry: Arc<Registry>,
    pub(super) admin_email: AdminEmail,
    pub(super) config: ScheduleConfig,
    pub(super) clock: Arc<dyn Clock>,
}

/// What a collection came to, as `collect` prints it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum CollectionOutcome {
    /// A batch.
    Completed {
        /// How many metrics it has.
        metrics_collected: usize,
        /// By collector: how many metrics it gave, or, where it gave none, what went wrong.
        collectors_run: BTreeMap<String, Value>,
        /// The metrics themselves; present after a dry run alone.
        #[serde(skip_serializing_if = "Option::is_none")]
        metrics: Option<BTreeMap<String, MetricValue>>,
    },
    /// No batch, since not a single metric was had: OHE's tables are missing, or may not be read.
    #[serde(rename = "skipped")]
    NothingCollected {
        /// Always [`SkipReason::NothingCollected`].
        reason: SkipReason,
        /// By collector: what went wrong.
        collectors_run: BTreeMap<String, Value>,
    },
    /// No batch.
    Skipped {
        /// Why not.
        reason: SkipReason,
        /// Zero, where the contract asks for it.
        #[serde(skip_serializing_if = "Option::is_none")]
        total_processed: Option<u64>,
    },
}

/// Why a job did nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// The last collection is not long enough ago.
    TooRecent,
    /// No collector gave a metric.
    NothingCollected,
    /// Nobody is known under whose name to collect and deliver.
    NoAdminEmail,
    /// The slot's batch is there already.
    AlreadyCollected,
    /// Another process is delivering at this moment.
    AnotherSender,
    /// The vendor has asked to be left alone for a while.
    RetryAfter,
    /// Another process is collecting at this moment.
    AnotherCollector,
    /// The vendor does not know this install yet.
    NoIdentity,
}

/// Why a collection failed as a whole.
#[derive(Debug, thiserror::Error)]
pub enum CollectionError {
    /// OHE's database could not be read, or there is no such collector.
    #[error(transparent)]
    Collect(#[from] collectors::CollectError),
    /// Nobody could be asked whose install this is.
    #[error(transparent)]
    AdminEmail(#[from] AdminEmailError),
    /// Our tables could not be read or written.
    #[error(transparent)]
    Store(#[from] store::StoreError),
    /// The right to collect was lost with its connection, and another process may have it by now.
    #[error("the database connection was lost during the collection")]
    Interrupted,
}

impl CollectionOutcome {
    /// What a collection that is not stored came to.
    pub fn of_dry_run(collection: &Collection) -> Self {
        if collection.metrics.is_empty() {
            nothing_collected(collection)
        } else {
            completed(collection, Some(collection.metrics.clone()))
        }
    }
}

impl CollectionService {
    /// Does a job that was enqueued for a schedule slot, or for an install's first batch where `slot` is none: collects for
    /// the slot that is due by now, if there is one.
    ///
    /// # Errors
    /// [`CollectionError`]; nothing is stored then, and the run may be repeated.
    pub async fn run_for_slot(&self, slot: Option<DateTime<Utc>>) -> Result<CollectionOutcome, CollectionError> {
        self.collect_and_store(self.clock.now(), Occasion::Job { slot }).await
    }

    /// Collects for the slot that is due at `now`; where none is, a batch without one, unless the last is too recent.
    ///
    /// # Errors
    /// As [`Self::run_for_slot`].
    pub async fn run(&self, now: DateTime<Utc>) -> Result<CollectionOutcome, CollectionError> {
        self.collect_and_store(now, Occasion::Command).await
    }

    /// Collects a batch because somebody asks for it on the dashboard, at most once a minute, whatever the interval says. It
    /// has no slot and moves none.
    ///
    /// # Errors
    /// As [`Self::run_for_slot`].
    pub async fn collect_now(&self) -> Result<CollectionOutcome, CollectionError> {
        self.collect_and_store(self.clock.now(), Occasion::ByHand).await
    }

    /// Collects at `now` and stores nothing, whoever the administrator is and however recent the last batch.
    ///
    /// # Errors
    /// [`CollectionError::Collect`].
    pub async fn dry_run(
        &self,
        now: DateTime<Utc>,
        only: Option<String>,
    ) -> Result<CollectionOutcome, CollectionError> {
        Ok(CollectionOutcome::of_dry_run(&self.collect(now, only).await?))
    }

    /// The same, with all that is known of each metric: its value, or why there is none.
    ///
    /// # Errors
    /// [`CollectionError::Collect`].
    pub async fn collect(&self, now: DateTime<Utc>, only: Option<String>) -> Result<Collection, CollectionError> {
        let options =
            CollectionOptions { only, collector_limit: self.config.collector_limit, ..CollectionOptions::at(now) };
        Ok(collectors::collect(&self.ohe, &self.registry, &options).await?)
    }

    /// What is there to collect? Only who has the right to collect may act on the answer.
    async fn plan(&self, now: DateTime<Utc>, occasion: Occasion) -> Result<Result<Plan, NotNow>, CollectionError> {
        let state = self.store.facts(now).await?.schedule_state();
        // The seed gives spread and jitter, which are for those who wait.
        Ok(plan(now, occasion, &state, &self.config.schedule(0)))
    }

    async fn collect_and_store(
        &self,
        now: DateTime<Utc>,
        occasion: Occasion,
    ) -> Result<CollectionOutcome, CollectionError> {
        // One at a time: two that begin together would both find that nothing was collected yet.
        let Some(mut right) = self.store.try_collector_lock().await? else {
            return Ok(skipped(SkipReason::AnotherCollector));
        };
        let plan = match self.plan(now, occasion).await? {
            Ok(plan) => plan,
            Err(NotNow::AlreadyCollected) => return Ok(skipped(SkipReason::AlreadyCollected)),
            Err(NotNow::TooRecent) => return Ok(skipped(SkipReason::TooRecent)),
        };
        if self.has_nobody_to_collect_for().await? {
            return Ok(no_admin_email());
        }
        let collection = self.collect(now, None).await?;
        if !right.is_held().await {
            return Err(CollectionError::Interrupted);
        }
        let outcome = if collection.metrics.is_empty() {
            self.record_empty_collection(now, &collection).await
        } else {
            self.store_batch(now, plan, collection).await
        };
        // Dropping it would do as well, a moment later; a broken connection has given it back already.
        let _given_back = right.release().await;
        outcome
    }

    /// Nobody is looked for once the vendor knows this install.
    async fn has_nobody_to_collect_for(&self) -> Result<bool, CollectionError> {
        if self.store.identity().await?.customer_id.is_some() {
            return Ok(false);
        }
        Ok(matches!(self.admin_email.find().await?, AdministratorAddress::Nobody))
    }

    /// Counts a collection without any metric, so that the next one waits longer. The vendor accepts no empty set, so a batch
    /// of it would be late for ever, and with it the license.
    async fn record_empty_collection(
        &self,
        now: DateTime<Utc>,
        collection: &Collection,
    ) -> Result<CollectionOutcome, CollectionError> {
        let collectors_run = serde_json::json!(collectors_run(collection));
        self.store.record_empty_collection(now, &collectors_run).await?;
        warn!(%collectors_run, "no collector gave a metric; nothing is stored, and it is tried again soon");
        Ok(nothing_collected(collection))
    }

    async fn store_batch(
        &self,
        now: DateTime<Utc>,
        plan: Plan,
        collection: Collection,
    ) -> Result<CollectionOutcome, CollectionError> {
        let outcome = completed(&collection, None);
        let failed = |run: &&CollectorRun| !matches!(run.status, CollectorStatus::Ok | CollectorStatus::NotAvailable);
        for run in collection.runs.iter().filter(failed) {
            warn!(collector = run.collector, status = %run.status, "a collector did not give its metrics");
        }
        let Collection { database, metrics, runs } = collection;
        let Plan { slot, by_hand } = plan;
        let batch = NewBatch { collected_at: now, slot, by_hand, database, metrics, runs };
        match self.store.insert_batch(&batch).await? {
            Insertion::Created(id) => {
                info!(batch = %id, metrics = batch.metrics.len(), ohe = %batch.database, "batch collected");
                Ok(outcome)
            }
            Insertion::AlreadyCollected(_) => Ok(skipped(SkipReason::AlreadyCollected)),
        }
    }
}

fn completed(collection: &Collection, metrics: Option<BTreeMap<String, MetricValue>>) -> CollectionOutcome {
    CollectionOutcome::Completed {
        metrics_collected: collection.metrics.len(),
        collectors_run: collectors_run(collection),
        metrics,
    }
}

fn nothing_collected(collection: &Collection) -> CollectionOutcome {
    CollectionOutcome::NothingCollected {
        reason: SkipReason::NothingCollected,
        collectors_run: collectors_run(collection),
    }
}

/// By collector: a number where it gave at least one metric, a text where it gave none.
fn collectors_run(collection: &Collection) -> BTreeMap<String, Value> {
    let result = |run: &CollectorRun| match run.metric_count {
        0 => Value::from(run.in_words()),
        count => Value::from(count),
    };
    collection.runs.iter().map(|run| (run.collector.clone(), result(run))).collect()
}

fn skipped(reason: SkipReason) -> CollectionOutcome {
    CollectionOutcome::Skipped { reason, total_processed: None }
}

fn no_admin_email() -> CollectionOutcome {
    info!("no administrator's e-mail address is known yet; nothing is collected");
    CollectionOutcome::Skipped { reason: SkipReason::NoAdminEmail, total_processed: Some(0) }
}
