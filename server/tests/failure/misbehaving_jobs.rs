//! Jobs that panic, hang or lose their collector, and workers that go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use collectors::{CollectorError, MetricsCollector, Registration, Snapshot};
use domain::clock::{Clock, SystemClock};
use domain::metric::{Metric, MetricDeclaration};
use domain::schedule::{Due, Work};
use ohe_telemetry::jobs::{self, JobLimits};
use replicated::simulator::{Endpoint, Fault, Rule};
use tokio_util::sync::CancellationToken;

use crate::deliveries::assert_complete;
use crate::wait::until;
use crate::world::World;

/// A clock that panics when asked, as long as it is told to: whatever asks for the time panics with it.
#[derive(Debug, Default)]
struct BrokenClock(AtomicBool);

impl Clock for BrokenClock {
    fn now(&self) -> DateTime<Utc> {
        assert!(!self.0.load(Ordering::SeqCst), "this clock is broken");
        SystemClock.now()
    }
}

/// Workers in this process, which have to be alive at the end.
struct Workers {
    shutdown: CancellationToken,
    running: tokio::task::JoinHandle<()>,
}

impl Workers {
    fn start(world: &World, limits: JobLimits) -> Self {
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(jobs::run(world.install(), limits, shutdown.clone()));
        Self { shutdown, running }
    }

    async fn end_in_good_order(self) {
        assert!(!self.running.is_finished(), "the workers stopped");
        self.shutdown.cancel();
        self.running.await.unwrap();
    }
}

async fn last_result(world: &World, status: &str) -> Option<String> {
    sqlx::query_scalar("SELECT last_result::text FROM apalis.jobs WHERE status = $1")
        .bind(status)
        .fetch_optional(&world.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_job_that_panics_is_tried_again_by_the_same_worker() {
    let clock = Arc::new(BrokenClock::default());
    let mut world = World::at(Arc::clone(&clock) as Arc<dyn Clock>).await;
    world.clock = Arc::clone(&clock) as Arc<dyn Clock>;
    world.collected_before(SystemClock.now(), 2).await;
    // The simulator goes by the same clock, and is asked first: what panics must be the job.
    let slow = Fault::SlowHead { milliseconds: 300 };
    world.vendor.fail(Rule { endpoint: Some(Endpoint::Customer), ..Rule::from(slow) });
    let workers = Workers::start(&world, JobLimits::default());
    until("the vendor is asked", async || world.count(Endpoint::Customer) == 1).await;
    clock.0.store(true, Ordering::SeqCst);
    until("the job panics", async || last_result(&world, "Failed").await.is_some()).await;
    clock.0.store(false, Ordering::SeqCst);
    assert!(last_result(&world, "Failed").await.unwrap().contains("this clock is broken"), "and says why");
    until("everything is delivered", async || world.pending().await == 0).await;
    workers.end_in_good_order().await;
    assert_complete(&world, 2).await;
}

#[tokio::test]
async fn a_job_that_hangs_is_given_up_and_tried_again() {
    let world = World::new().await;
    world.collected_before(world.clock.now(), 2).await;
    world.vendor.fail(Rule { endpoint: Some(Endpoint::Metrics), ..Rule::from(Fault::Hang) });
    let workers = Workers::start(&world, JobLimits { upload: Duration::from_secs(2), ..JobLimits::default() });
    until("the job is given up", async || last_result(&world, "Failed").await.is_some()).await;
    assert_eq!(world.count(Endpoint::Metrics), 1);
    world.vendor.heal();
    until("everything is delivered", async || world.pending().await == 0).await;
    workers.end_in_good_order().await;
    assert_complete(&world, 2).await;
}

/// A collector that does what [`MISBEHAVIOUR`] says.
struct Misbehaving;

const WELL: u8 = 0;
const PANIC: u8 = 1;
const HANG: u8 = 2;
static MISBEHAVIOUR: AtomicU8 = AtomicU8::new(WELL);

inventory::submit! { Registration(&Misbehaving) }

#[async_trait]
impl MetricsCollector for Misbehaving {
    fn name(&self) -> &'static str {
        "misbehaving"
    }

    fn declarations(&self) -> Vec<MetricDeclaration> {
        vec![MetricDeclaration::int("misbehaviour", "rows", "Nothing that anybody asks for.")]
    }

    async fn collect(&self, _: &mut Snapshot<'_>) -> Result<Vec<Metric>, CollectorError> {
        match MISBEHAVIOUR.load(Ordering::SeqCst) {
            PANIC => panic!("this collector is broken"),
            HANG => std::future::pending().await,
            _ => Ok(Vec::new()),
        }
    }
}

#[tokio::test]
async fn a_collector_that_panics_or_hangs_sinks_neither_batch_nor_worker() {
    let mut world = World::new().await;
    world.set("TELEMETRY_COLLECTOR_TIMEOUT_SECONDS", "1");
    MISBEHAVIOUR.store(PANIC, Ordering::SeqCst);
    let workers = Workers::start(&world, JobLimits::default());
    until("the first batch is delivered", async || world.count(Endpoint::CheckIn) == 1).await;
    MISBEHAVIOUR.store(HANG, Ordering::SeqCst);
    // The first batch is of last month as far as the schedule knows, so that a slot is due since.
    let month_ago = world.clock.now() - TimeDelta::days(30);
    sqlx::query("UPDATE telemetry_metrics SET collected_at = $1").bind(month_ago).execute(&world.pool).await.unwrap();
    let slot = world.clock.now() - TimeDelta::days(1);
    let due = Due { work: Work::Collect { slot: Some(slot) }, key: "collect:by the test".to_owned() };
    world.install().queue.enqueue(&due).await.unwrap();
    until("the next batch is collected", async || world.store().count_batches().await.unwrap().pending == 1).await;
    MISBEHAVIOUR.store(WELL, Ordering::SeqCst);
    workers.end_in_good_order().await;
    let mut said = Vec::new();
    for summary in world.store().list_batches(None, 0, 9).await.unwrap() {
        let batch = world.store().find_batch(summary.id).await.unwrap().unwrap();
        assert!(batch.metrics.contains_key("total_users") && !batch.metrics.contains_key("misbehaviour"));
        said.extend(batch.runs.into_iter().filter(|run| run.collector == "misbehaving").map(|run| run.status));
    }
    assert_eq!(said, ["timed_out", "error"], "newest first");
}
