//! The workers: one for each queue and one for the ticks, kept alive until shutdown.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use apalis::layers::WorkerBuilderExt as _;
use apalis::prelude::{
    BackendExt as _, BoxDynError, Data, Event, EventListenerExt as _, WorkerBuilder, WorkerContext, WorkerError,
};
use apalis_cron::{CronScheduler, Tick};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};
use uuid::Uuid;

use super::housekeeping::keep_house;
use super::ticker::{EveryFewSeconds, describe, enqueue_what_is_due};
use super::{COLLECT_QUEUE, CollectJob, UPLOAD_QUEUE, UploadJob};
use crate::install::Install;

/// How soon a worker notices a new job.
const POLL: Duration = Duration::from_secs(1);
/// The wait before a worker that lost its database is built anew; doubles up to [`LONGEST_RESTART`].
const FIRST_RESTART: Duration = Duration::from_secs(1);
const LONGEST_RESTART: Duration = Duration::from_secs(15);

/// The longest that a job may take; what is left then is done by the next.
#[derive(Debug, Clone, Copy)]
pub struct JobLimits {
    /// A collection in all; each collector has a limit of its own.
    pub collect: Duration,
    /// A delivery run.
    pub upload: Duration,
}

impl Default for JobLimits {
    /// 15 and 30 minutes.
    fn default() -> Self {
        Self { collect: Duration::from_mins(15), upload: Duration::from_mins(30) }
    }
}

/// Runs all workers until `shutdown`, then finishes the jobs in hand.
pub async fn run(install: Arc<Install>, limits: JobLimits, shutdown: CancellationToken) {
    let collect =
        keep_alive(COLLECT_QUEUE, &shutdown, || collect_worker(Arc::clone(&install), limits.collect, shutdown.clone()));
    let upload =
        keep_alive(UPLOAD_QUEUE, &shutdown, || upload_worker(Arc::clone(&install), limits.upload, shutdown.clone()));
    let ticks = keep_alive("ticks", &shutdown, || tick_worker(Arc::clone(&install), shutdown.clone()));
    let house = keep_alive("housekeeping", &shutdown, || housekeeper(Arc::clone(&install), shutdown.clone()));
    tokio::join!(collect, upload, ticks, house);
}

/// Builds a worker again whenever it ends before `shutdown`: apalis ends one at the first error of its database.
async fn keep_alive(name: &str, shutdown: &CancellationToken, start: impl Fn() -> Running) {
    let mut wait = FIRST_RESTART;
    while !shutdown.is_cancelled() {
        let started = tokio::time::Instant::now();
        match AssertUnwindSafe(start()).catch_unwind().await {
            Ok(Ok(())) => {}
            Ok(Err(cause)) => {
                error!(worker = name, error = describe(&cause), "a worker stopped and is started again");
            }
            // The panic has told its reason by now.
            Err(_) => error!(worker = name, "a worker panicked and is started again"),
        }
        if started.elapsed() > LONGEST_RESTART {
            wait = FIRST_RESTART;
        }
        if shutdown.run_until_cancelled(tokio::time::sleep(wait)).await.is_none() {
            break;
        }
        wait = (wait * 2).min(LONGEST_RESTART);
    }
    info!(worker = name, "stopped");
}

/// A worker at work. Boxed where its types are known: the compiler cannot tell from further away that it is `Send`.
type Running = BoxFuture<'static, Result<(), WorkerError>>;

/// A name that no other process, and no earlier worker of this one, has.
fn unique(name: &str) -> String {
    format!("{name}-{}", Uuid::new_v4())
}

fn collect_worker(install: Arc<Install>, limit: Duration, shutdown: CancellationToken) -> Running {
    let backend = install.queue.storage::<CollectJob>(COLLECT_QUEUE).poll_with_interval(POLL);
    WorkerBuilder::new(unique(COLLECT_QUEUE))
        .backend(backend)
        .data(install)
        .data(Limit(limit))
        .on_event(log_failure)
        .catch_panic()
        .concurrency(1)
        .build(collect)
        .run_until(until(shutdown))
        .boxed()
}

fn upload_worker(install: Arc<Install>, limit: Duration, shutdown: CancellationToken) -> Running {
    let backend = install.queue.storage::<UploadJob>(UPLOAD_QUEUE).poll_with_interval(POLL);
    WorkerBuilder::new(unique(UPLOAD_QUEUE))
        .backend(backend)
        .data(install)
        .data(Limit(limit))
        .data(shutdown.clone())
        .on_event(log_failure)
        .catch_panic()
        .concurrency(1)
        .build(upload)
        .run_until(until(shutdown))
        .boxed()
}

fn tick_worker(install: Arc<Install>, shutdown: CancellationToken) -> Running {
    let worker = WorkerBuilder::new(unique("ticks"))
        .backend(CronScheduler::new(EveryFewSeconds))
        .data(Arc::clone(&install))
        .on_event(log_failure)
        .catch_panic()
        .concurrency(1)
        .build(tick)
        .run_until(until(shutdown))
        .boxed();
    async move {
        // What was missed while nothing ran is due now.
        enqueue_what_is_due(&install).await;
        worker.await
    }
    .boxed()
}

fn housekeeper(install: Arc<Install>, shutdown: CancellationToken) -> Running {
    async move {
        keep_house(&install, &shutdown).await;
        Ok(())
    }
    .boxed()
}

/// A job that fails, panics or exceeds its limit ends up here; the dashboard shows the same.
fn log_failure(worker: &WorkerContext, event: &Event) {
    if let Event::Error(error) = event {
        warn!(worker = worker.name(), error = describe(&***error), "a job failed; what is due still is tried again");
    }
}

async fn until(shutdown: CancellationToken) -> std::io::Result<()> {
    shutdown.cancelled_owned().await;
    Ok(())
}

/// The longest that a job of one queue may take.
#[derive(Debug, Clone, Copy)]
struct Limit(Duration);

/// Why a job came to no end of its own.
#[derive(Debug, thiserror::Error)]
enum JobError {
    #[error("the job took longer than {0:?} and was given up")]
    TookTooLong(Duration),
    #[error("the job panicked: {0}")]
    Panicked(String),
}

/// Makes an ordinary failure of a job that hangs or panics. apalis has layers for both, but a job that one of them ended
/// would be stored as running for as long as its worker lives, and nobody could take it on.
async fn bounded<T, E>(limit: Limit, work: impl Future<Output = Result<T, E>>) -> Result<serde_json::Value, BoxDynError>
where
    T: Serialize,
    E: Into<BoxDynError>,
{
    let caught = AssertUnwindSafe(work).catch_unwind();
    let ended = tokio::time::timeout(limit.0, caught).await.map_err(|_| JobError::TookTooLong(limit.0))?;
    let outcome = ended.map_err(|panic| JobError::Panicked(message_of(&*panic)))?.map_err(Into::into)?;
    Ok(serde_json::to_value(outcome)?)
}

fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "for an unknown reason".to_owned())
}

async fn collect(
    job: CollectJob,
    install: Data<Arc<Install>>,
    limit: Data<Limit>,
) -> Result<serde_json::Value, BoxDynError> {
    let outcome = bounded(*limit, install.services.collection.run_for_slot(job.slot)).await?;
    // An install's first batch is due for delivery at once, not at the next tick.
    enqueue_what_is_due(&install).await;
    Ok(outcome)
}

async fn upload(
    job: UploadJob,
    install: Data<Arc<Install>>,
    limit: Data<Limit>,
    shutdown: Data<CancellationToken>,
) -> Result<serde_json::Value, BoxDynError> {
    let delivery = &install.services.delivery;
    match job {
        UploadJob::Deliver => bounded(*limit, delivery.deliver_until(&shutdown)).await,
        UploadJob::CheckIn => bounded(*limit, delivery.check_in()).await,
    }
}

async fn tick(_: Tick, install: Data<Arc<Install>>) -> Result<(), BoxDynError> {
    enqueue_what_is_due(&install).await;
    Ok(())
}
