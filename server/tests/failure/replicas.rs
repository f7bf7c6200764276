//! Several processes over one database.

use chrono::{DateTime, TimeDelta, Utc};
use ohe_telemetry::jobs::Enqueued;
use ohe_telemetry::services::{CollectionOutcome, SkipReason};
use replicated::simulator::Endpoint;
use store::{Attempt, Call, Registration};
use uuid::Uuid;

use crate::command::command;
use crate::wait::until;
use crate::world::{ADMIN, World};

/// An install that collected and delivered a week before its last slot.
async fn due_for_a_week() -> (World, DateTime<Utc>) {
    let world = World::new().await;
    let install = world.install();
    let schedule = install.services.scheduling.schedule().await.unwrap();
    let slot = schedule.latest_collection_slot(world.clock.now()).unwrap();
    let before = slot - TimeDelta::days(7);
    world.collected_at(before, 0, Some(before)).await;
    let batch = world.store().list_batches(None, 0, 1).await.unwrap().remove(0);
    let attempt = Attempt {
        id: Uuid::new_v4(),
        call: Call::Metrics,
        batch_id: Some(batch.id),
        started_at: before + TimeDelta::hours(1),
        body_sha256: None,
        duration: std::time::Duration::from_millis(200),
        http_status: Some(200),
        vendor_clock_offset: None,
        failure: None,
    };
    world.store().record_attempt(&attempt).await.unwrap();
    (world, slot)
}

#[tokio::test]
async fn however_many_ask_each_slot_is_collected_and_delivered_once() {
    let (mut world, slot) = due_for_a_week().await;
    // Every minute is an upload slot, so that the batch need not wait for tomorrow's.
    world.set("TELEMETRY_UPLOAD_SCHEDULE", "* * * * *");
    let processes = [world.start(&["worker"]), world.start(&["worker"]), world.start(&["serve"])];
    for _ in 0..20 {
        for what in ["collect", "upload"] {
            let status = command(&world.environment, &["enqueue", what]).output().await.unwrap().status;
            assert_eq!(status.code(), Some(0));
        }
    }
    until("the batch of the slot is delivered", async || world.count(Endpoint::CheckIn) >= 1).await;
    until("no job waits or runs", async || open_jobs(&world).await == 0).await;
    for process in processes {
        process.ends_in_good_order().await;
    }
    let batches = world.store().list_batches(None, 0, 9).await.unwrap();
    assert_eq!(batches.iter().filter(|batch| batch.slot == Some(slot)).count(), 1);
    assert_eq!((batches.len(), world.pending().await), (2, 0));
    assert_eq!(world.requests(Endpoint::Metrics).len(), 1, "one delivery");
    let collections = jobs(&world, "telemetry-collect").await;
    assert_eq!(collections, [format!("collect:{}", slot.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))]);
}

async fn open_jobs(world: &World) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM apalis.jobs WHERE status NOT IN ('Done', 'Failed', 'Killed')")
        .fetch_one(&world.pool)
        .await
        .unwrap()
}

async fn jobs(world: &World, queue: &str) -> Vec<String> {
    sqlx::query_scalar("SELECT idempotency_key FROM apalis.jobs WHERE job_type = $1 ORDER BY 1")
        .bind(queue)
        .fetch_all(&world.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn replicas_that_begin_together_make_one_first_batch() {
    let world = World::new().await;
    let replicas = std::iter::repeat_with(|| world.install()).take(5).collect::<Vec<_>>();
    let runs = replicas.iter().map(|install| install.services.collection.run_for_slot(None));
    let mut completed = 0;
    for outcome in futures::future::join_all(runs).await {
        match outcome.unwrap() {
            CollectionOutcome::Completed { .. } => completed += 1,
            CollectionOutcome::NothingCollected { reason, .. } | CollectionOutcome::Skipped { reason, .. } => {
                assert!(matches!(reason, SkipReason::AnotherCollector | SkipReason::TooRecent), "{reason:?}");
            }
        }
    }
    assert_eq!((completed, world.pending().await), (1, 1));
}

#[tokio::test]
async fn a_check_in_that_met_another_sender_is_made_up_for() {
    let world = World::new().await;
    let registration = Registration {
        customer_id: "cust".to_owned(),
        instance_id: Some("inst".to_owned()),
        service_token: None,
        customer_email: ADMIN.into(),
        customer_email_hash: String::new(),
        customer_email_step: None,
        registered_at: world.clock.now(),
    };
    world.store().replace_identity(&registration, None).await.unwrap();
    let install = world.install();
    let now = world.clock.now();
    let due = install.services.scheduling.due(now).await.unwrap();
    let check_in = due.iter().find(|due| due.key.starts_with("check-in")).unwrap();
    install.queue.enqueue(check_in).await.unwrap();
    let ended = async |status: &'static str, seconds: i64| {
        let ago = TimeDelta::seconds(seconds);
        sqlx::query("UPDATE apalis.jobs SET status = $1, attempts = 1, done_at = now() - $2")
            .bind(status)
            .bind(ago)
            .execute(&world.pool)
            .await
            .unwrap();
    };
    for status in ["Done", "Failed", "Killed"] {
        ended(status, 5).await;
        assert_eq!(install.queue.enqueue(check_in).await.unwrap(), Enqueued::Already, "{status}");
        ended(status, 120).await;
        assert_eq!(install.queue.enqueue(check_in).await.unwrap(), Enqueued::Again, "{status}");
        assert_eq!(install.queue.enqueue(check_in).await.unwrap(), Enqueued::Already, "{status}");
    }
}
