//! Glue: the dashboard's port, implemented over the services for one request.

mod convert;

use std::collections::HashMap;
use std::sync::Arc;

use app::backend::Backend;
use app::error::DashboardError;
use app::model::{
    Backlog, BatchDetail, BatchPage, BatchQuery, BatchRef, CollectorList, CollectorSummary, HISTORY_LIMIT, Identity,
    License, MetricHistory, MetricList, Overview, RECENT_LIMIT, RunTimes, Vendor,
};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::license::license_status;
use domain::ohe::Generation;
use store::{Call, StoreError};
use tracing::error;
use uuid::Uuid;

use crate::install::Install;
use crate::services::Services;

/// Batches on one page of the list.
const PAGE_SIZE: u32 = 25;
/// Attempts shown on the overview.
const RECENT_ATTEMPTS: u32 = 5;

/// The port for one request, whose id goes into errors.
pub(crate) fn backend(install: Arc<Install>, request_id: String) -> Arc<dyn Backend> {
    Arc::new(Dashboard { install, request_id })
}

struct Dashboard {
    install: Arc<Install>,
    request_id: String,
}

impl Dashboard {
    fn services(&self) -> &Services {
        &self.install.services
    }

    /// The error as the person at the screen can act on it; the cause goes to the log.
    fn failed(&self, error: StoreError) -> DashboardError {
        if matches!(error, StoreError::Unavailable(_)) {
            return DashboardError::Unavailable;
        }
        error!(
            error = format!("{:#}", anyhow::Error::from(error)),
            request_id = self.request_id,
            "a page could not be drawn"
        );
        DashboardError::Failed { request_id: self.request_id.clone() }
    }
}

#[async_trait]
impl Backend for Dashboard {
    fn now(&self) -> DateTime<Utc> {
        self.services().clock.now()
    }

    async fn overview(&self, now: DateTime<Utc>) -> Result<Overview, DashboardError> {
        self.read_overview(now).await.map_err(|error| self.failed(error))
    }

    async fn batches(&self, query: &BatchQuery) -> Result<BatchPage, DashboardError> {
        self.read_batches(query).await.map_err(|error| self.failed(error))
    }

    async fn batch(&self, id: &str) -> Result<BatchDetail, DashboardError> {
        let id = id.parse::<Uuid>().map_err(|_| DashboardError::NotFound)?;
        let found = self.services().store.find_batch(id).await.map_err(|error| self.failed(error))?;
        found.map(convert::batch_detail).ok_or(DashboardError::NotFound)
    }

    async fn metrics(&self) -> Result<MetricList, DashboardError> {
        self.read_metrics().await.map_err(|error| self.failed(error))
    }

    async fn metric_history(&self, key: &str) -> Result<MetricHistory, DashboardError> {
        let entry = self.services().registry.dictionary().find(key).ok_or(DashboardError::NotFound)?;
        let points =
            self.services().store.metric_points(key, HISTORY_LIMIT).await.map_err(|error| self.failed(error))?;
        let points = points.iter().map(convert::point).collect::<Vec<_>>();
        let latest = points.last().and_then(|point| point.value.clone());
        let values = points.iter().filter_map(|point| point.value.as_ref());
        Ok(MetricHistory { metric: convert::metric(entry, latest, values), points })
    }

    async fn collectors(&self) -> Result<CollectorList, DashboardError> {
        self.read_collectors().await.map_err(|error| self.failed(error))
    }
}

impl Dashboard {
    async fn read_overview(&self, now: DateTime<Utc>) -> Result<Overview, StoreError> {
        let services = self.services();
        let facts = services.store.facts(now).await?;
        let identity = services.store.identity().await?;
        let schedule = services.scheduling.schedule_of(&identity);
        let state = facts.schedule_state();
        let license_facts = services.license.facts_of(&facts);
        let attempts = services.store.recent_attempts(Some(Call::Metrics), RECENT_ATTEMPTS).await?;
        Ok(Overview {
            license: License { status: license_status(&license_facts, now), facts: license_facts },
            collection: RunTimes { last: facts.last_collection, next: schedule.next_collection(now, &state) },
            upload: RunTimes { last: facts.last_upload, next: schedule.next_upload(now, &state) },
            identity: Identity {
                administrator: convert::administrator(
                    identity.customer_id.is_some(),
                    services.admin_email.latest().await?,
                ),
                customer_id: identity.customer_id,
                instance_id: identity.instance_id,
                cluster_id: identity.cluster_id,
            },
            backlog: Backlog {
                pending: facts.pending,
                oldest_pending: facts.overdue_since,
                set_aside: facts.set_aside,
            },
            vendor: Vendor {
                base_url: services.delivery.vendor_address(),
                attempts: attempts.into_iter().filter_map(convert::attempt).collect(),
            },
            clocks_off: services.clocks.offsets().await?.off().map(convert::clock_off).collect(),
        })
    }

    async fn read_batches(&self, query: &BatchQuery) -> Result<BatchPage, StoreError> {
        let store = &self.services().store;
        let state = query.state.map(convert::batch_state);
        let offset = u64::from(query.page.saturating_sub(1)) * u64::from(PAGE_SIZE);
        let batches = store.list_batches(state, offset, PAGE_SIZE).await?;
        Ok(BatchPage {
            batches: batches.into_iter().map(convert::batch_summary).collect(),
            query: *query,
            page_size: PAGE_SIZE,
            counts: convert::counts(store.count_batches().await?),
        })
    }

    async fn read_metrics(&self) -> Result<MetricList, StoreError> {
        let batches = self.services().store.recent_batches(RECENT_LIMIT).await?;
        let newest = batches.first();
        let metrics = self.services().registry.dictionary().iter().map(|entry| {
            let value = |batch: &store::Batch| batch.metrics.get(entry.declaration.key).and_then(convert::value);
            let values = batches.iter().rev().filter_map(value).collect::<Vec<_>>();
            convert::metric(entry, newest.and_then(value), values.iter())
        });
        let latest_batch = newest.map(|batch| BatchRef { id: batch.id.to_string(), collected_at: batch.collected_at });
        Ok(MetricList { metrics: metrics.collect(), latest_batch })
    }

    async fn read_collectors(&self) -> Result<CollectorList, StoreError> {
        let services = self.services();
        let last_runs = services.store.last_runs().await?;
        let mut last_runs = last_runs.into_iter().map(|run| (run.collector.clone(), run)).collect::<HashMap<_, _>>();
        let database = services.store.last_ohe_database().await?;
        // Before the first collection nobody has looked; most installs are of the newer generation.
        let generation = database.as_ref().map_or(Generation::Orgs, |database| database.generation);
        let collectors = services.registry.collectors().iter().map(|collector| CollectorSummary {
            name: collector.name().to_owned(),
            reads: convert::table_reads(&collector.reads(generation)),
            declared_metrics: u32::try_from(collector.declarations().len()).unwrap_or(u32::MAX),
            last_run: last_runs.remove(collector.name()).map(convert::last_run),
        });
        Ok(CollectorList { collectors: collectors.collect(), database })
    }
}
