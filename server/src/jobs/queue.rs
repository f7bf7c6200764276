//! Putting work into the queues, once per idempotency key.

use std::time::Duration;

use apalis::prelude::{TaskBuilder, TaskSink, TaskSinkError};
use apalis_postgres::{Config, PostgresStorage};
use chrono::{DateTime, TimeDelta, Utc};
use domain::schedule::{Due, Ended, runs_again};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::{Connection as _, PgPool};
use store::StoreError;

use super::{COLLECT_QUEUE, Job, UPLOAD_QUEUE};

/// A worker says this often that it lives.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// A worker that was silent for so many heartbeats is dead, and its jobs are handed to another.
const MISSED_HEARTBEATS: usize = 3;
/// Finished jobs, and workers long gone, are kept this long for the dashboard.
const RETENTION: TimeDelta = TimeDelta::days(35);

/// What became of a request to enqueue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Enqueued {
    /// It is a new job.
    New,
    /// The job of this key ended some time ago, and its work is due still: it runs again.
    Again,
    /// There is a job of this key already: waiting, running, or ended a moment ago.
    Already,
}

/// The queues, as tables in the database.
#[derive(Debug, Clone)]
pub struct JobQueue {
    pool: PgPool,
}

/// A queue that could not be reached or used.
#[derive(Debug, thiserror::Error)]
pub enum JobQueueError {
    /// The tables of the queues could not be made or brought up to date, most likely for want of a right.
    #[error(
        "the job queue's tables could not be set up; the database role needs CREATE on the database, for the schema \
         `apalis` and the extensions hstore and pgcrypto"
    )]
    SetUp(#[source] StoreError),
    /// They could not, as the database is not there, is full or takes no writes.
    #[error(transparent)]
    Store(StoreError),
    /// A job could not be stored.
    #[error("the job could not be put into its queue")]
    Push(#[source] TaskSinkError<apalis_postgres::Error>),
    /// Another request to the database failed.
    #[error("the job queue could not be read or written")]
    Database(#[from] sqlx::Error),
}

impl JobQueue {
    /// Queues in the database of `pool`.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Makes the tables, or brings them up to date; a second call changes nothing.
    ///
    /// # Errors
    /// [`JobQueueError::SetUp`] or [`JobQueueError::Store`].
    pub async fn set_up(&self) -> Result<(), JobQueueError> {
        // A connection of its own, which takes sqlx's lock with it whichever way this ends. In the pool, it would keep the
        // lock after an error, and the next try, here or in another process, would wait for it.
        let mut connection = self.pool.acquire().await?.detach();
        PostgresStorage::migrations().run_direct(None, &mut connection, false).await.map_err(|error| {
            match StoreError::from(error) {
                known @ (StoreError::Unavailable(_) | StoreError::ReadOnly(_) | StoreError::DiskFull(_)) => {
                    JobQueueError::Store(known)
                }
                other => JobQueueError::SetUp(other),
            }
        })?;
        Ok(connection.close().await?)
    }

    /// The storage of one queue, for a worker or a sink.
    pub(super) fn storage<T>(&self, queue: &str) -> PostgresStorage<T> {
        let config = Config::default()
            .queue(queue)
            // One job in hand at a time: a batch fetched ahead would wait behind a slow one while others idle.
            .batch_size(1)
            .heartbeat_interval(HEARTBEAT)
            .missed_heartbeats(MISSED_HEARTBEATS);
        PostgresStorage::new(&self.pool).with_config(config)
    }

    /// Stores the job of `due`, unless a job of its key is there.
    ///
    /// # Errors
    /// [`JobQueueError`] where the database cannot be reached or refuses.
    pub async fn enqueue(&self, due: &Due, now: DateTime<Utc>) -> Result<Enqueued, JobQueueError> {
        let (queue, pushed) = match Job::from(&due.work) {
            Job::Collect(job) => (COLLECT_QUEUE, self.push(COLLECT_QUEUE, job, &due.key).await),
            Job::Upload(job) => (UPLOAD_QUEUE, self.push(UPLOAD_QUEUE, job, &due.key).await),
        };
        match pushed {
            Ok(()) => Ok(Enqueued::New),
            Err(error) if is_duplicate(&error) => self.try_again(queue, &due.key, now).await,
            Err(error) => Err(JobQueueError::Push(error)),
        }
    }

    async fn push<T>(&self, queue: &str, job: T, key: &str) -> Result<(), TaskSinkError<apalis_postgres::Error>>
    where
        T: Serialize + DeserializeOwned + Send + Sync + Unpin + 'static,
    {
        // apalis itself never retries: a failed attempt is final, and whether there is another is for the schedule to
        // say. A job whose worker died in mid-air is no such attempt: apalis hands it on all the same.
        let task = TaskBuilder::new(job).idempotency_key(key).max_attempts(1).build();
        self.storage(queue).push_task(task).await
    }

    /// Lets a job that ended run again after a while. Its work is still due, or nobody asks: it failed, or there was nothing
    /// it could do, for want of an administrator or because another process was at it.
    async fn try_again(&self, queue: &str, key: &str, now: DateTime<Utc>) -> Result<Enqueued, JobQueueError> {
        let ended = sqlx::query_as::<_, (bool, i32, DateTime<Utc>)>(
            "SELECT status = 'Done', attempts, done_at FROM apalis.jobs
             WHERE job_type = $1 AND idempotency_key = $2 AND done_at IS NOT NULL
                AND status IN ('Done', 'Failed', 'Killed')",
        )
        .bind(queue)
        .bind(key)
        .fetch_optional(&self.pool)
        .await?;
        let Some((is_done, attempts, done_at)) = ended else { return Ok(Enqueued::Already) };
        let times = u32::try_from(attempts).unwrap_or(1);
        if !runs_again(now, done_at, if is_done { Ended::Done } else { Ended::Failed { times } }) {
            return Ok(Enqueued::Already);
        }
        // Only as it was seen: another process may have had the same thought, and the job may have run since. Failures are
        // counted in a row.
        let revived = sqlx::query(
            "UPDATE apalis.jobs
             SET attempts = CASE WHEN status = 'Done' THEN 0 ELSE attempts END,
                 max_attempts = CASE WHEN status = 'Done' THEN 1 ELSE attempts + 1 END,
                 status = 'Pending', done_at = NULL, lock_by = NULL, lock_at = NULL
             WHERE job_type = $1 AND idempotency_key = $2 AND done_at = $3",
        )
        .bind(queue)
        .bind(key)
        .bind(done_at)
        .execute(&self.pool)
        .await?;
        Ok(if revived.rows_affected() == 1 { Enqueued::Again } else { Enqueued::Already })
    }

    /// Removes finished jobs and dead workers older than the retention, so that the tables do not grow for ever.
    ///
    /// # Errors
    /// [`JobQueueError::Database`].
    pub async fn prune(&self, now: DateTime<Utc>) -> Result<u64, JobQueueError> {
        let before = now - RETENTION;
        let jobs = sqlx::query(
            "DELETE FROM apalis.jobs WHERE job_type IN ($1, $2) AND status IN ('Done', 'Failed', 'Killed') AND done_at < $3",
        )
        .bind(COLLECT_QUEUE)
        .bind(UPLOAD_QUEUE)
        .bind(before)
        .execute(&self.pool)
        .await?;
        sqlx::query(
            "DELETE FROM apalis.workers AS worker WHERE worker_type IN ($1, $2) AND last_seen < $3
             AND NOT EXISTS (SELECT FROM apalis.jobs WHERE lock_by = worker.id)",
        )
        .bind(COLLECT_QUEUE)
        .bind(UPLOAD_QUEUE)
        .bind(before)
        .execute(&self.pool)
        .await?;
        Ok(jobs.rows_affected())
    }
}

fn is_duplicate(error: &TaskSinkError<apalis_postgres::Error>) -> bool {
    matches!(
        error,
        TaskSinkError::PushError(apalis_postgres::Error::Database(sqlx::Error::Database(cause)))
            if cause.is_unique_violation()
    )
}
