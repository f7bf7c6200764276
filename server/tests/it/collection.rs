//! Collecting: what is stored, and when it is skipped.

use std::sync::Arc;

use chrono::TimeDelta;
use domain::clock::Clock as _;
use ohe_telemetry::config::Config;
use ohe_telemetry::install::Install;
use ohe_telemetry::services::{CollectionOutcome, SkipReason};
use serde_json::json;
use sqlx::PgPool;

use crate::fixture::{Fixture, at};

fn skipped(reason: SkipReason) -> CollectionOutcome {
    CollectionOutcome::Skipped { reason, total_processed: (reason == SkipReason::NoAdminEmail).then_some(0) }
}

#[tokio::test]
async fn a_batch_holds_every_metric_and_what_each_collector_did() {
    let fixture = Fixture::new().await;
    let CollectionOutcome::Completed { metrics_collected, collectors_run, metrics } =
        fixture.services().collection.run_for_slot(Some(at("2025-11-09T02:00:00Z"))).await.unwrap()
    else {
        panic!("not completed")
    };
    assert_eq!(metrics_collected, 103, "of 115: nobody writes the rows of the others any more");
    assert!(metrics.is_none(), "they are in the database");
    for name in fixture.services().registry.names() {
        assert!(collectors_run[name].as_u64().is_some_and(|count| count > 0), "{collectors_run:?}");
    }
    let batches = fixture.services().store.list_batches(None, 0, 9).await.unwrap();
    assert_eq!((batches.len(), batches[0].slot), (1, Some(at("2025-11-09T02:00:00Z"))));
    let detail = fixture.services().store.find_batch(batches[0].id).await.unwrap().unwrap();
    assert_eq!((detail.metrics.len(), detail.runs.len()), (metrics_collected, 7));
    assert_eq!(
        detail.database.unwrap().to_string(),
        "generation orgs, revision 173, answers 103 of 115 metrics",
        "what the collection read is kept with the batch"
    );
    let missing: usize = detail.runs.iter().flat_map(|run| &run.missing).map(|missing| missing.keys.len()).sum();
    assert_eq!(missing, 12, "each with its reason");
}

#[tokio::test]
async fn a_slot_is_collected_once() {
    let fixture = Fixture::new().await;
    let slot = Some(at("2025-11-09T02:00:00Z"));
    fixture.services().collection.run_for_slot(slot).await.unwrap();
    let again = fixture.services().collection.run_for_slot(slot).await.unwrap();
    assert_eq!(again, skipped(SkipReason::AlreadyCollected));
}

#[tokio::test]
async fn a_run_by_hand_within_the_interval_is_skipped_to_the_second() {
    let fixture = Fixture::new().await;
    let collection = &fixture.services().collection;
    assert!(matches!(collection.run(at("2025-11-10T12:00:00Z")).await.unwrap(), CollectionOutcome::Completed { .. }));
    let again = collection.run(at("2025-11-17T11:59:59Z")).await.unwrap();
    assert_eq!(again, skipped(SkipReason::TooRecent));
    assert_eq!(serde_json::to_value(again).unwrap(), json!({"status": "skipped", "reason": "too_recent"}));
    assert!(matches!(collection.run(at("2025-11-17T12:00:00Z")).await.unwrap(), CollectionOutcome::Completed { .. }));
}

#[tokio::test]
async fn nothing_is_collected_while_no_administrator_is_known() {
    let fixture = Fixture::with(&[("OPENHANDS_ADMIN_EMAIL", "")]).await;
    let outcome = fixture.services().collection.run_for_slot(None).await.unwrap();
    assert_eq!(
        serde_json::to_value(&outcome).unwrap(),
        json!({"status": "skipped", "reason": "no_admin_email", "total_processed": 0})
    );
    assert_eq!(fixture.services().store.list_batches(None, 0, 9).await.unwrap(), []);
}

#[tokio::test]
async fn a_dry_run_stores_nothing_and_asks_for_nobody() {
    let fixture = Fixture::with(&[("OPENHANDS_ADMIN_EMAIL", "")]).await;
    let only = Some("system_metrics".to_owned());
    let CollectionOutcome::Completed { metrics_collected, collectors_run, metrics } =
        fixture.services().collection.dry_run(at("2025-11-10T12:00:00Z"), only).await.unwrap()
    else {
        panic!("not completed")
    };
    assert_eq!(metrics.unwrap().len(), metrics_collected);
    assert_eq!(collectors_run.keys().collect::<Vec<_>>(), ["system_metrics"]);
    assert_eq!(fixture.services().store.list_batches(None, 0, 9).await.unwrap(), []);
}

#[tokio::test]
async fn a_collector_that_lacks_its_table_does_not_sink_the_batch() {
    let fixture = Fixture::new().await;
    sqlx::query("DROP TABLE slack_users").execute(fixture.pool()).await.unwrap();
    let CollectionOutcome::Completed { collectors_run, .. } =
        fixture.services().collection.run_for_slot(None).await.unwrap()
    else {
        panic!("not completed")
    };
    assert!(collectors_run["integration_usage"].as_u64().is_some_and(|count| count > 0), "it gave the others");
    let batch = fixture.services().store.recent_batches(1).await.unwrap().remove(0);
    assert!(!batch.metrics.contains_key("slack_users"), "a missing metric is never recorded as zero");
    assert!(batch.metrics.contains_key("slack_teams") && batch.metrics.contains_key("total_users"));
}

#[tokio::test]
async fn jobs_that_waited_for_weeks_make_one_batch() {
    let fixture = Fixture::new().await;
    fixture.set_time("2025-10-12T02:00:00Z");
    fixture.services().collection.run_for_slot(Some(at("2025-10-12T02:00:00Z"))).await.unwrap();
    fixture.set_time("2025-11-17T12:00:00Z");
    let mut outcomes = Vec::new();
    for slot in ["2025-10-19", "2025-10-26", "2025-11-02", "2025-11-09", "2025-11-16"] {
        let slot = Some(at(&format!("{slot}T02:00:00Z")));
        outcomes.push(fixture.services().collection.run_for_slot(slot).await.unwrap());
    }
    assert!(matches!(outcomes[0], CollectionOutcome::Completed { .. }), "{outcomes:?}");
    assert!(outcomes[1..4].iter().all(|outcome| *outcome == skipped(SkipReason::TooRecent)), "{outcomes:?}");
    assert_eq!(outcomes[4], skipped(SkipReason::AlreadyCollected), "the first job has acted on the last slot");
    let slots = fixture.services().store.list_batches(None, 0, 9).await.unwrap().into_iter().map(|batch| batch.slot);
    assert_eq!(slots.collect::<Vec<_>>(), [Some(at("2025-11-16T02:00:00Z")), Some(at("2025-10-12T02:00:00Z"))]);
}

#[tokio::test]
async fn the_command_records_the_slot_it_acts_on_and_collect_now_moves_none() {
    let fixture = Fixture::new().await;
    let collection = &fixture.services().collection;
    collection.run(at("2025-11-09T02:00:00Z")).await.unwrap();
    fixture.set_time("2025-11-16T01:59:00Z");
    assert!(matches!(collection.collect_now().await.unwrap(), CollectionOutcome::Completed { .. }));
    fixture.set_time("2025-11-16T01:59:59Z");
    assert_eq!(collection.collect_now().await.unwrap(), skipped(SkipReason::TooRecent), "at most once a minute");
    let due = fixture.services().scheduling.due(at("2025-11-16T02:00:00Z")).await.unwrap();
    assert_eq!(due[0].key, "collect:2025-11-16T02:00:00Z");
    assert!(matches!(collection.run(at("2025-11-16T09:00:00Z")).await.unwrap(), CollectionOutcome::Completed { .. }));
    assert_eq!(collection.run(at("2025-11-16T09:00:01Z")).await.unwrap(), skipped(SkipReason::TooRecent));
    let slots = fixture.services().store.list_batches(None, 0, 9).await.unwrap().into_iter().map(|batch| batch.slot);
    assert_eq!(slots.collect::<Vec<_>>(), [Some(at("2025-11-16T02:00:00Z")), None, None]);
}

/// An install whose earlier release recorded last week's slot with the spread.
#[tokio::test]
async fn a_slot_that_an_earlier_release_recorded_with_the_spread_does_not_cost_a_week() {
    let fixture = Fixture::new().await;
    fixture.set_time("2025-11-09T02:02:37Z");
    fixture.services().collection.run_for_slot(Some(at("2025-11-09T02:02:34Z"))).await.unwrap();
    let scheduling = &fixture.services().scheduling;
    let due = async |now: &str| {
        let due = scheduling.due(at(now)).await.unwrap();
        due.into_iter().map(|due| due.key).find(|key| key.starts_with("collect"))
    };
    assert_eq!(due("2025-11-09T02:03:00Z").await, None);
    assert_eq!(due("2025-11-16T02:00:00Z").await.as_deref(), Some("collect:2025-11-16T02:00:00Z"));
}

#[tokio::test]
async fn a_collection_that_yields_nothing_stores_no_batch_and_is_repeated_with_backoff() {
    let fixture = Fixture::new().await;
    drop_every_table_of_ohe(fixture.pool()).await;
    let mut waits = Vec::new();
    let mut now = fixture.clock.now();
    for _ in 0..7 {
        let outcome = fixture.services().collection.run_for_slot(None).await.unwrap();
        let said = serde_json::to_value(&outcome).unwrap();
        assert_eq!((&said["status"], &said["reason"]), (&json!("skipped"), &json!("nothing_collected")));
        let collectors_run = said["collectors_run"].as_object().unwrap();
        assert!(
            collectors_run.contains_key("system_metrics") && collectors_run.values().all(serde_json::Value::is_string)
        );
        // Another replica, or the same after a restart, knows of it.
        let restarted =
            Install::new(&Config::read(&fixture.environment).unwrap(), Arc::new(fixture.clock.clone())).unwrap();
        let is_due = async |at| !restarted.services.scheduling.due(at).await.unwrap().is_empty();
        let mut minutes = 0;
        while !is_due(now + TimeDelta::minutes(minutes)).await {
            minutes += 1;
        }
        waits.push(minutes);
        now += TimeDelta::minutes(minutes);
        fixture.clock.set(now);
    }
    assert_eq!(waits, [3, 6, 12, 24, 48, 60, 60]);
    assert_eq!(fixture.services().store.list_batches(None, 0, 9).await.unwrap(), []);
    let facts = fixture.services().license.facts().await.unwrap();
    assert_eq!((facts.overdue_since, facts.last_upload), (None, None), "no license clock starts");
}

#[tokio::test]
async fn tables_without_rows_give_zeros_and_end_the_wait() {
    let fixture = Fixture::new().await;
    let store = &fixture.services().store;
    store.record_empty_collection(at("2025-11-10T11:50:00Z"), &json!({})).await.unwrap();
    let outcome = fixture.services().collection.run_for_slot(None).await.unwrap();
    assert!(matches!(outcome, CollectionOutcome::Completed { .. }), "{outcome:?}");
    let batch = store.recent_batches(1).await.unwrap().remove(0);
    assert_eq!(batch.metrics["total_users"], 0);
    assert_eq!(store.facts(fixture.clock.now()).await.unwrap().empty_tries, None);
}

#[tokio::test]
async fn a_dry_run_without_a_metric_says_so_and_counts_for_nothing() {
    let fixture = Fixture::new().await;
    drop_every_table_of_ohe(fixture.pool()).await;
    let outcome = fixture.services().collection.dry_run(at("2025-11-10T12:00:00Z"), None).await.unwrap();
    assert!(matches!(outcome, CollectionOutcome::NothingCollected { .. }), "{outcome:?}");
    assert_eq!(fixture.services().store.facts(fixture.clock.now()).await.unwrap().empty_tries, None);
}

async fn drop_every_table_of_ohe(pool: &PgPool) {
    sqlx::raw_sql(
        "DO $$ DECLARE name text; BEGIN
            FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'telemetry%' LOOP
                EXECUTE format('DROP TABLE IF EXISTS %I CASCADE', name);
            END LOOP;
        END $$",
    )
    .execute(pool)
    .await
    .unwrap();
}
