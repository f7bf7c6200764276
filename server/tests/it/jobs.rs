//! Queues and workers, on the real queue in the database.

use std::sync::Arc;

use chrono::TimeDelta;
use domain::clock::SystemClock;
use domain::schedule::{Due, Work};
use ohe_telemetry::config::Config;
use ohe_telemetry::install::Install;
use ohe_telemetry::jobs::{self, Enqueued, JobLimits, JobQueue};
use private_postgres::testing::TestDatabase;
use sqlx::PgPool;
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

/// Ends the job of `key` as a worker of `seconds` ago would have.
async fn ended(fixture: &Fixture, key: &str, status: &str, seconds: i64) {
    sqlx::query("UPDATE apalis.jobs SET status = $2, attempts = 1, done_at = now() - $3 WHERE idempotency_key = $1")
        .bind(key)
        .bind(status)
        .bind(TimeDelta::seconds(seconds))
        .execute(fixture.pool())
        .await
        .unwrap();
}

/// The queues as seen on a database whose clock is an hour behind this machine's: its sessions find another `now()` first.
async fn on_a_database_an_hour_behind(fixture: &Fixture) -> (JobQueue, PgPool) {
    let behind = "CREATE SCHEMA behind;
        CREATE FUNCTION behind.now() RETURNS timestamptz LANGUAGE sql STABLE
            AS $$ SELECT pg_catalog.now() - interval '1 hour' $$";
    sqlx::raw_sql(behind).execute(fixture.pool()).await.unwrap();
    let options = fixture.database.connect_options().options([("search_path", "public,behind,pg_catalog")]);
    let pool = store::connect(options, 2);
    (JobQueue::new(pool.clone()), pool)
}

#[tokio::test]
async fn work_is_enqueued_once_however_often_and_by_whomever() {
    let fixture = Fixture::new().await;
    let other = live(&fixture);
    assert_eq!(fixture.install.queue.enqueue(&collect("collect:slot")).await.unwrap(), Enqueued::New);
    for _ in 0..20 {
        assert_eq!(other.queue.enqueue(&collect("collect:slot")).await.unwrap(), Enqueued::Already);
    }
    assert_eq!(jobs_of(&fixture).await, [("telemetry-collect".to_owned(), "Pending".to_owned(), 0)]);
    assert_eq!(other.queue.enqueue(&collect("collect:next")).await.unwrap(), Enqueued::New);
}

#[tokio::test]
async fn of_many_who_enqueue_at_the_same_moment_one_makes_the_job() {
    let fixture = Fixture::new().await;
    let due = collect("collect:slot");
    let all = futures::future::join_all((0..40).map(|_| fixture.install.queue.enqueue(&due))).await;
    assert_eq!(all.into_iter().filter(|enqueued| *enqueued.as_ref().unwrap() == Enqueued::New).count(), 1);
    assert_eq!(jobs_of(&fixture).await.len(), 1);
    assert_no_errors(&fixture);
}

fn assert_no_errors(fixture: &Fixture) {
    let errors = fixture.database.log().unwrap().into_iter().filter(|line| line.contains("ERROR:")).collect::<Vec<_>>();
    assert!(errors.is_empty(), "{} such lines: {}", errors.len(), errors[0]);
}

#[tokio::test]
async fn an_hour_of_ticks_without_an_administrator_leaves_no_error_in_the_databases_log() {
    let fixture = Fixture::with(&[("OPENHANDS_ADMIN_EMAIL", "")]).await;
    // The log does tell: this is what it looks for.
    sqlx::query("SELECT no_such_column").execute(fixture.pool()).await.unwrap_err();
    assert_eq!(fixture.database.log().unwrap().iter().filter(|line| line.contains("ERROR:")).count(), 1);
    let fixture = Fixture::with(&[("OPENHANDS_ADMIN_EMAIL", "")]).await;
    for tick in 0..240 {
        jobs::enqueue_what_is_due(&fixture.install).await;
        if tick == 120 {
            ended(&fixture, "collect:first", "Done", 1).await;
        }
    }
    assert_eq!(jobs_of(&fixture).await.len(), 1);
    assert_no_errors(&fixture);
}

#[tokio::test]
async fn a_job_that_failed_is_tried_again_once_its_backoff_is_over() {
    let fixture = Fixture::new().await;
    let enqueue = async || fixture.install.queue.enqueue(&collect("collect:slot")).await.unwrap();
    enqueue().await;
    ended(&fixture, "collect:slot", "Failed", 15).await;
    assert_eq!(enqueue().await, Enqueued::Already);
    ended(&fixture, "collect:slot", "Failed", 30).await;
    assert_eq!(enqueue().await, Enqueued::Again);
    assert_eq!(enqueue().await, Enqueued::Already, "it waits for a worker now");
    assert_eq!(jobs_of(&fixture).await[0].1, "Pending");
}

#[tokio::test]
async fn a_machine_whose_clock_is_ahead_of_the_databases_holds_up_no_job() {
    let fixture = Fixture::new().await;
    let (queue, pool) = on_a_database_an_hour_behind(&fixture).await;
    let may_run = async |key: &str| {
        sqlx::query_scalar::<_, bool>("SELECT run_at <= now() FROM apalis.jobs WHERE idempotency_key = $1")
            .bind(key)
            .fetch_one(&pool)
            .await
            .unwrap()
    };
    queue.enqueue(&collect("collect:slot")).await.unwrap();
    assert!(may_run("collect:slot").await);
    // One that an earlier release stored by the machine's clock.
    sqlx::query("UPDATE apalis.jobs SET run_at = pg_catalog.now()").execute(&pool).await.unwrap();
    assert!(!may_run("collect:slot").await);
    assert_eq!(queue.enqueue(&collect("collect:slot")).await.unwrap(), Enqueued::Already);
    assert!(may_run("collect:slot").await);
    // By the machine's clock its backoff would be long over.
    sqlx::query("UPDATE apalis.jobs SET status = 'Failed', attempts = 1, done_at = now()")
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!(queue.enqueue(&collect("collect:slot")).await.unwrap(), Enqueued::Already);
}

#[tokio::test]
async fn finished_jobs_are_pruned_after_the_retention_and_waiting_ones_never() {
    let fixture = Fixture::new().await;
    let queue = &fixture.install.queue;
    for key in ["old", "new", "waiting"] {
        queue.enqueue(&collect(key)).await.unwrap();
    }
    for (key, days) in [("old", 36), ("new", 34)] {
        ended(&fixture, key, "Done", days * 24 * 60 * 60).await;
    }
    assert_eq!(queue.prune().await.unwrap(), 1);
    let left: Vec<String> = sqlx::query_scalar("SELECT idempotency_key FROM apalis.jobs ORDER BY 1")
        .fetch_all(fixture.pool())
        .await
        .unwrap();
    assert_eq!(left, ["new", "waiting"]);
}

#[tokio::test]
async fn a_function_of_another_application_is_neither_replaced_nor_dropped() {
    let database = TestDatabase::empty().await;
    let theirs = "CREATE FUNCTION public.generate_ulid() RETURNS text LANGUAGE sql AS $$ SELECT 'theirs' $$";
    let call =
        async || sqlx::query_scalar::<_, String>("SELECT public.generate_ulid()").fetch_one(database.pool()).await;
    sqlx::raw_sql(theirs).execute(database.pool()).await.unwrap();
    let queue = JobQueue::new(database.pool().clone());
    let error = queue.set_up().await.unwrap_err().to_string();
    assert!(error.contains("public.generate_ulid()") && error.contains("rename that function"), "{error}");
    assert_eq!(call().await.unwrap(), "theirs");
    // The remedy that it names.
    sqlx::raw_sql("ALTER FUNCTION public.generate_ulid() RENAME TO aside").execute(database.pool()).await.unwrap();
    queue.set_up().await.unwrap();
    sqlx::raw_sql("ALTER FUNCTION public.aside() RENAME TO generate_ulid").execute(database.pool()).await.unwrap();
    queue.set_up().await.unwrap();
    assert_eq!(call().await.unwrap(), "theirs");
}

#[tokio::test]
async fn pages_that_wait_for_the_database_hold_up_neither_jobs_nor_the_license_status() {
    let fixture = Fixture::new().await;
    let services = fixture.services();
    let mut held = Vec::new();
    while held.len() < services.store.pool().options().get_max_connections() as usize {
        held.push(services.store.pool().acquire().await.unwrap());
    }
    services.license.facts().await.unwrap();
    let due = services.scheduling.due(at("2025-11-10T12:00:00Z")).await.unwrap();
    fixture.install.queue.enqueue(&due[0]).await.unwrap();
    services.collection.run_for_slot(None).await.unwrap();
    drop(held);
    let mut held = Vec::new();
    while held.len() < services.job_store.pool().options().get_max_connections() as usize {
        held.push(services.job_store.pool().acquire().await.unwrap());
    }
    services.store.ping().await.unwrap();
    services.license.facts().await.unwrap();
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
