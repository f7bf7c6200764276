//! Putting work into the queues, once per idempotency key.

use std::time::Duration;

use apalis_postgres::{Config, PostgresStorage};
use chrono::{DateTime, TimeDelta, Utc};
use domain::schedule::{Due, Ended, runs_again};
use serde::Serialize;
use sqlx::PgPool;
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
    /// The tables of the queues could not be made or brought up to date.
    #[error(
        "the job queue's tables could not be set up; that takes a schema `apalis` and the extensions hstore and pgcrypto"
    )]
    SetUp(#[source] StoreError),
    /// The tables of the queues are missing or out of date, and whoever asked changes none.
    #[error(
        "the job queue's tables are missing or out of date; run `ohe-telemetry migrate`, or, where the service's role may \
         create nothing, `ohe-telemetry migrate --grant-to ROLE` as the owner of OHE's database"
    )]
    NotSetUp,
    /// The role may not make the tables of the queues, or not use them.
    #[error(
        "the database role `{role}` may not set up or not use the job queue's tables; run `ohe-telemetry migrate --grant-to \
         {role}` as the owner of OHE's database; a role that does it itself needs CREATE on the database"
    )]
    MissingRights {
        /// The role.
        role: String,
    },
    /// Another application has a function that the set-up would replace, and later drop.
    #[error(
        "the database has a function {function} of another application, which the job queue's set-up would replace and \
         then drop, so it was not begun; rename that function until the set-up has run once (later starts leave it alone), \
         or give the service a database of its own"
    )]
    ForeignFunction {
        /// With its schema.
        function: String,
    },
    /// They could not, as the database is not there, is full or takes no writes.
    #[error(transparent)]
    Store(StoreError),
    /// A job could not be written as JSON.
    #[error("the job could not be written as JSON")]
    Encode(#[source] serde_json::Error),
    /// Another request to the database failed.
    #[error("the job queue could not be read or written")]
    Database(#[from] sqlx::Error),
}

impl JobQueue {
    /// Queues in the database of `pool`.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// The pool itself.
    pub(super) fn pool(&self) -> &PgPool {
        &self.pool
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

    /// Stores the job of `due`, unless a job of its key is there; one that ended a while ago runs again.
    ///
    /// Every time here is the database's, which apalis goes by: the clock of this process may be ahead of it.
    ///
    /// # Errors
    /// [`JobQueueError`] where the database cannot be reached or refuses.
    pub async fn enqueue(&self, due: &Due) -> Result<Enqueued, JobQueueError> {
        let (queue, job) = match Job::from(&due.work) {
            Job::Collect(job) => (COLLECT_QUEUE, serde_json::to_vec(&job)),
            Job::Upload(job) => (UPLOAD_QUEUE, serde_json::to_vec(&job)),
        };
        // Work stays due until it is done, so there mostly is a job: looking first spares the database a refused insert,
        // which it would log as an error, every few seconds.
        match self.find(queue, &due.key).await? {
            None => self.push(queue, &due.key, &job.map_err(JobQueueError::Encode)?).await,
            Some(found) => self.wake(queue, &due.key, &found).await,
        }
    }

    async fn find(&self, queue: &str, key: &str) -> Result<Option<Found>, JobQueueError> {
        Ok(sqlx::query_as(
            "SELECT status, attempts, done_at, run_at, now() AS seen_at FROM apalis.jobs
             WHERE job_type = $1 AND idempotency_key = $2",
        )
        .bind(queue)
        .bind(key)
        .fetch_optional(&self.pool)
        .await?)
    }

    /// Inserts the row that apalis itself would insert, but for two things: `run_at` is the database's time, and where
    /// another process has just inserted the same job, this one quietly does not.
    async fn push(&self, queue: &str, key: &str, job: &[u8]) -> Result<Enqueued, JobQueueError> {
        // apalis itself never retries: a failed attempt is final, and whether there is another is for the schedule to
        // say. A job whose worker died while it ran is no such attempt: apalis hands it on all the same.
        let pushed = sqlx::query(
            "INSERT INTO apalis.jobs (id, job_type, job, status, attempts, max_attempts, run_at, priority, idempotency_key)
             VALUES (apalis.generate_ulid(), $1, $2, 'Pending', 0, 1, now(), 0, $3)
             ON CONFLICT (job_type, idempotency_key) DO NOTHING",
        )
        .bind(queue)
        .bind(job)
        .bind(key)
        .execute(&self.pool)
        .await?;
        Ok(if pushed.rows_affected() == 1 { Enqueued::New } else { Enqueued::Already })
    }

    /// Lets a job that ended run again after a while. Its work is still due, or nobody asks: it failed, or there was nothing
    /// it could do, because there is no administrator yet or because another process was at it.
    async fn wake(&self, queue: &str, key: &str, found: &Found) -> Result<Enqueued, JobQueueError> {
        let Some((ended, done_at)) = found.ended() else {
            if found.status == PENDING && found.run_at > found.seen_at {
                self.run_at_once(queue, key).await?;
            }
            return Ok(Enqueued::Already);
        };
        if !runs_again(found.seen_at, done_at, ended) {
            return Ok(Enqueued::Already);
        }
        // Only as it was seen: another process may have had the same thought, and the job may have run since. Failures are
        // counted in a row.
        let revived = sqlx::query(
            "UPDATE apalis.jobs
             SET attempts = CASE WHEN status = 'Done' THEN 0 ELSE attempts END,
                 max_attempts = CASE WHEN status = 'Done' THEN 1 ELSE attempts + 1 END,
                 status = 'Pending', run_at = now(), done_at = NULL, lock_by = NULL, lock_at = NULL
             WHERE job_type = $1 AND idempotency_key = $2 AND done_at = $3",
        )
        .bind(queue)
        .bind(key)
        .bind(done_at)
        .execute(&self.pool)
        .await?;
        Ok(if revived.rows_affected() == 1 { Enqueued::Again } else { Enqueued::Already })
    }

    /// No job of ours is for later. One that seems to be was stored by an earlier release, on a machine whose clock was
    /// ahead of the database's; nobody would run it until then.
    async fn run_at_once(&self, queue: &str, key: &str) -> Result<(), JobQueueError> {
        sqlx::query(
            "UPDATE apalis.jobs SET run_at = now() WHERE job_type = $1 AND idempotency_key = $2 AND status = 'Pending'",
        )
        .bind(queue)
        .bind(key)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Removes finished jobs and dead workers older than the retention, by the database's clock, so that the tables do not
    /// grow for ever.
    ///
    /// # Errors
    /// [`JobQueueError::Database`].
    pub async fn prune(&self) -> Result<u64, JobQueueError> {
        let jobs = sqlx::query(
            "DELETE FROM apalis.jobs
             WHERE job_type IN ($1, $2) AND status IN ('Done', 'Failed', 'Killed') AND done_at < now() - $3",
        )
        .bind(COLLECT_QUEUE)
        .bind(UPLOAD_QUEUE)
        .bind(RETENTION)
        .execute(&self.pool)
        .await?;
        sqlx::query(
            "DELETE FROM apalis.workers AS worker WHERE worker_type IN ($1, $2) AND last_seen < now() - $3
             AND NOT EXISTS (SELECT FROM apalis.jobs WHERE lock_by = worker.id)",
        )
        .bind(COLLECT_QUEUE)
        .bind(UPLOAD_QUEUE)
        .bind(RETENTION)
        .execute(&self.pool)
        .await?;
        Ok(jobs.rows_affected())
    }
}

const PENDING: &str = "Pending";

/// A job as it was seen. All times are the database's.
#[derive(Debug, sqlx::FromRow)]
struct Found {
    status: String,
    attempts: i32,
    done_at: Option<DateTime<Utc>>,
    run_at: DateTime<Utc>,
    seen_at: DateTime<Utc>,
}

impl Found {
    /// How and when it ended; `None` if it waits or runs.
    fn ended(&self) -> Option<(Ended, DateTime<Utc>)> {
        let ended = match self.status.as_str() {
            "Done" => Ended::Done,
            "Failed" | "Killed" => Ended::Failed { times: u32::try_from(self.attempts).unwrap_or(1) },
            _ => return None,
        };
        Some((ended, self.done_at?))
    }
}
