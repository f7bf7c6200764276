//! Queues and workers, on the real queue in the database.

use std::sync::Arc;

use chrono::TimeDelta;
use domain::clock::{Clock, SystemClock};
use domain::schedule::{Due, Work};
use ohe_telemetry::config::Config;
use ohe_telemetry::install::Install;
use ohe_telemetry::jobs::{self, Enqueued, JobLimits};
use tokio_util::sync::CancellationToken;

use crate::fixture::{Fixture, at};

fn collect(key: &str) -> Due {
    Due { work: Work::Collect { slot: Some(at("2025-11-09T02:00:00Z")) }, key: key.to_owned() }
}

async fn jobs_of(fixture: &Fixture) -> Vec<(String, String, i32)> {
    sqlx::query_as("SELECT job_type, status, attempts FROM apalis.jobs ORDER BY job_type, id")
        .fetch_all(fixture.pool())
        .await
        .unwrap()
}

/// The same install on the machine's own clock, which apalis goes by.
fn live(fixture: &Fixture) -> Arc<Install> {
    Install::new(&Config::read(&fixture.environment).unwrap(), Arc::new(SystemClock)).unwrap()
}

#[tokio::test]
async fn work_is_enqueued_once_however_often_and_by_whomever() {
    let fixture = Fixture::new().await;
    let other = live(&fixture);
    let now = SystemClock.now();
    assert_eq!(fixture.install.queue.enqueue(&collect("collect:slot"), now).await.unwrap(), Enqueued::New);
    for _ in 0..20 {
        assert_eq!(other.queue.enqueue(&collect("collect:slot"), now).await.unwrap(), Enqueued::Already);
    }
    assert_eq!(jobs_of(&fixture).await, [("telemetry-collect".to_owned(), "Pending".to_owned(), 0)]);
    assert_eq!(other.queue.enqueue(&collect("collect:next"), now).await.unwrap(), Enqueued::New);
}

#[tokio::test]
async fn a_job_that_failed_is_tried_again_once_its_backoff_is_over() {
    let fixture = Fixture::new().await;
    let queue = &fixture.install.queue;
    let now = SystemClock.now();
    queue.enqueue(&collect("collect:slot"), now).await.unwrap();
    sqlx::query("UPDATE apalis.jobs SET status = 'Failed', attempts = 1, done_at = $1")
        .bind(now)
        .execute(fixture.pool())
        .await
        .unwrap();
    let enqueue = async |after| queue.enqueue(&collect("collect:slot"), now + TimeDelta::seconds(after)).await.unwrap();
    assert_eq!(enqueue(29).await, Enqueued::Already);
    assert_eq!(enqueue(30).await, Enqueued::Again);
    assert_eq!(enqueue(31).await, Enqueued::Already, "it waits for a worker now");
    assert_eq!(jobs_of(&fixture).await[0].1, "Pending");
}

#[tokio::test]
async fn finished_jobs_are_pruned_after_the_retention_and_waiting_ones_never() {
    let fixture = Fixture::new().await;
    let queue = &fixture.install.queue;
    let now = SystemClock.now();
    for key in ["old", "new", "waiting"] {
        queue.enqueue(&collect(key), now).await.unwrap();
    }
    for (key, days) in [("old", 36), ("new", 34)] {
        sqlx::query("UPDATE apalis.jobs SET status = 'Done', done_at = $2 WHERE idempotency_key = $1")
            .bind(key)
            .bind(now - TimeDelta::days(days))
            .execute(fixture.pool())
            .await
            .unwrap();
    }
    assert_eq!(queue.prune(now).await.unwrap(), 1);
    let left: Vec<String> = sqlx::query_scalar("SELECT idempotency_key FROM apalis.jobs ORDER BY 1")
        .fetch_all(fixture.pool())
        .await
        .unwrap();
    assert_eq!(left, ["new", "waiting"]);
}

#[tokio::test]
async fn a_new_install_collects_and_delivers_by_itself() {
    let fixture = Fixture::new().await;
    let install = live(&fixture);
    install.prepare().await.unwrap();
    let shutdown = CancellationToken::new();
    let workers = [live(&fixture), install].map(|install| {
        let shutdown = shutdown.clone();
        tokio::spawn(async move {
            install.prepare().await.unwrap();
            jobs::run(install, JobLimits::default(), shutdown).await;
        })
    });
    // The vendor's own log is the event to wait for: customer, metrics, check-in.
    loop {
        let seen = fixture.vendor.snapshot();
        if seen.requests.iter().any(|request| request.path.ends_with("/info")) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    shutdown.cancel();
    for worker in workers {
        worker.await.unwrap();
    }
    let counts = fixture.services().store.count_batches().await.unwrap();
    assert_eq!((counts.pending, counts.delivered), (0, 1));
    let metrics =
        fixture.vendor.snapshot().requests.iter().filter(|request| request.path.ends_with("/custom-metrics")).count();
    assert_eq!(metrics, 1, "two processes, one delivery");
}
