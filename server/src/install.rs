//! One install: the services and the job queues over one database.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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
    prepared: AtomicBool,
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
        Ok(Arc::new(Self { services, queue, prepared: AtomicBool::new(false) }))
    }

    /// Makes all tables, or brings them up to date. A second call, and a second process, change nothing.
    ///
    /// # Errors
    /// [`PrepareError`].
    pub async fn prepare(&self) -> Result<(), PrepareError> {
        self.services.store.require_sessions().await?;
        self.services.store.migrate().await?;
        self.queue.set_up().await?;
        self.prepared.store(true, Ordering::Release);
        Ok(())
    }

    /// Has this process seen the tables up to date?
    pub fn is_prepared(&self) -> bool {
        self.prepared.load(Ordering::Acquire)
    }
}
