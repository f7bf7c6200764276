//! One install: the services and the job queues over one database.

use std::sync::Arc;

use domain::clock::Clock;

use crate::config::Config;
use crate::jobs::{JobQueue, JobQueueError};
use crate::services::{Services, StartError};

/// What every command works with.
#[derive(Debug)]
pub struct Install {
    /// What the product does.
    pub services: Services,
    /// Where work waits.
    pub queue: JobQueue,
}

/// Why the database cannot be prepared.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// Our tables could not be made or brought up to date.
    #[error(transparent)]
    Store(#[from] store::StoreError),
    /// The queues' tables could not.
    #[error(transparent)]
    Queue(#[from] JobQueueError),
}

impl Install {
    /// Sets everything up; connects to nothing yet.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn new(config: &Config, clock: Arc<dyn Clock>) -> Result<Arc<Self>, StartError> {
        let services = Services::new(config, clock)?;
        let queue = JobQueue::new(services.job_store.pool().clone());
        Ok(Arc::new(Self { services, queue }))
    }

    /// Makes all tables, or brings them up to date, and sees that this role may use them. A second call, and a second process,
    /// change nothing; where there is nothing to change, no right to create is needed.
    ///
    /// # Errors
    /// [`PrepareError`].
    pub async fn prepare(&self) -> Result<(), PrepareError> {
        self.services.store.require_sessions().await?;
        self.services.store.migrate().await?;
        self.queue.set_up().await?;
        self.services.store.require_rights().await?;
        self.queue.require_rights().await?;
        Ok(())
    }

    /// Refuses tables that are missing or out of date, and a connection pooler behind which locks do not hold; changes nothing.
    ///
    /// # Errors
    /// [`PrepareError`], which says what to run.
    pub async fn require_prepared(&self) -> Result<(), PrepareError> {
        self.services.store.require_sessions().await?;
        self.services.store.require_current().await?;
        self.queue.require_current().await?;
        Ok(())
    }

    /// Gives the role that runs the service what it needs on all tables, after [`Self::prepare`] by their owner. Returns the
    /// statements that did.
    ///
    /// # Errors
    /// [`PrepareError`].
    pub async fn grant_to(&self, role: &str) -> Result<Vec<String>, PrepareError> {
        let mut statements = self.services.store.grant_to(role).await?;
        statements.extend(self.queue.grant_to(role).await?);
        Ok(statements)
    }
}
