//! Storing, finding and listing batches.

use std::time::Duration;

use domain::collector::{CollectorRun, CollectorStatus, MissingMetrics};
use domain::metric::MetricValue;
use futures::future::join_all;
use serde_json::{Value, json};
use store::{BatchCounts, BatchState, Call, Insertion, NewBatch};
use uuid::Uuid;

use crate::samples::{another, at, batch, collected, failure, migrated, success};

#[tokio::test]
async fn a_batch_comes_back_as_it_was_stored() {
    let (_database, store) = migrated().await;
    let run = |collector: &str, status, metric_count| CollectorRun {
        collector: collector.to_owned(),
        status,
        metric_count,
        missing: Vec::new(),
        duration: Duration::from_millis(1234),
    };
    let (reason, keys) = ("OHE no longer records this.".to_owned(), vec!["repos_known".to_owned()]);
    let missing = MissingMetrics { reason, keys, columns: vec!["repos".to_owned()] };
    let new = NewBatch {
        slot: Some(at("2025-11-09T02:00:00Z")),
        metrics: [
            ("zeta".to_owned(), MetricValue::Int(i64::MAX)),
            ("alpha".to_owned(), MetricValue::Float(5.0)),
            ("is_it".to_owned(), MetricValue::Bool(false)),
            ("name".to_owned(), MetricValue::Text("7 \"ü\"".to_owned())),
        ]
        .into(),
        runs: vec![
            run("system_metrics", CollectorStatus::Ok, 4),
            CollectorRun {
                missing: vec![missing.clone()],
                ..run("integration_usage", CollectorStatus::NotAvailable, 0)
            },
            run("user_activity", CollectorStatus::Error { message: "it\nbroke\0".to_owned() }, 0),
        ],
        ..batch("2025-11-09T02:00:07.123456Z")
    };
    let id = store.insert_batch(&new).await.unwrap().id();
    let found = store.find_batch(id).await.unwrap().unwrap();
    assert_eq!(
        serde_json::to_string(&found.metrics).unwrap(),
        r#"{"alpha":5.0,"is_it":false,"name":"7 \"ü\"","zeta":9223372036854775807}"#,
        "in alphabetical order, floats still floats"
    );
    assert_eq!((found.summary.collected_at, found.summary.slot), (new.collected_at, new.slot));
    assert_eq!((found.summary.metric_count, found.summary.state()), (4, BatchState::Pending));
    assert_eq!(found.attempts, []);
    assert_eq!(found.database, Some(new.database.clone()));
    assert_eq!(store.last_ohe_database().await.unwrap(), Some(new.database));
    assert_eq!(found.runs[0].missing, [missing]);
    let runs: Vec<_> = found
        .runs
        .iter()
        .map(|run| (run.collector.as_str(), run.status.as_str(), run.detail.as_deref(), run.metric_count))
        .collect();
    assert_eq!(
        runs,
        [
            ("integration_usage", "not_available", None, 0),
            ("system_metrics", "ok", None, 4),
            ("user_activity", "error", Some("it broke "), 0),
        ]
    );
    assert_eq!(found.runs[0].duration, Duration::from_millis(1234));
    assert_eq!(store.recent_batches(1).await.unwrap()[0].metrics, found.metrics);
    assert_eq!(store.find_batch(Uuid::new_v4()).await.unwrap(), None);
}

#[tokio::test]
async fn a_batch_whose_runs_cannot_be_stored_is_not_stored() {
    let (_database, store) = migrated().await;
    let mut twice = batch("2025-11-09T02:00:00Z");
    twice.runs.push(twice.runs[0].clone());
    store.insert_batch(&twice).await.unwrap_err();
    assert_eq!(store.recent_batches(9).await.unwrap(), []);
}

#[tokio::test]
async fn a_slot_is_collected_once_however_many_try_at_once() {
    let (database, _) = migrated().await;
    let slot = NewBatch { slot: Some(at("2025-11-09T02:00:00Z")), ..batch("2025-11-09T02:00:01Z") };
    let stores: Vec<_> = (0..6).map(|_| another(&database)).collect();
    let insertions: Vec<Insertion> =
        join_all(stores.iter().map(|store| store.insert_batch(&slot))).await.into_iter().map(Result::unwrap).collect();
    let created = insertions.iter().filter(|insertion| matches!(insertion, Insertion::Created(_))).count();
    assert_eq!(created, 1);
    assert!(insertions.iter().all(|insertion| insertion.id() == insertions[0].id()), "all are told of the same batch");
    let found = stores[0].find_batch(insertions[0].id()).await.unwrap().unwrap();
    assert_eq!(found.runs.len(), 1);
}

#[tokio::test]
async fn batches_by_hand_have_no_slot_and_are_stored_each_time() {
    let (_database, store) = migrated().await;
    for _ in 0..2 {
        assert!(matches!(store.insert_batch(&batch("2025-11-09T02:00:00Z")).await.unwrap(), Insertion::Created(_)));
    }
    assert_eq!(store.facts(at("2025-11-30T00:00:00Z")).await.unwrap().pending, 2);
}

#[tokio::test]
async fn pending_batches_come_oldest_first_and_without_those_delivered_or_set_aside() {
    let (_database, store) = migrated().await;
    let third = collected(&store, "2025-11-23T02:00:00Z").await;
    let first = collected(&store, "2025-11-09T02:00:00Z").await;
    let second = collected(&store, "2025-11-16T02:00:00Z").await;
    let delivered = collected(&store, "2025-11-02T02:00:00Z").await;
    let set_aside = collected(&store, "2025-10-26T02:00:00Z").await;
    let mut same_time =
        [collected(&store, "2025-11-30T02:00:00Z").await, collected(&store, "2025-11-30T02:00:00Z").await];
    same_time.sort_unstable();
    store.record_attempt(&success(Call::Metrics, Some(delivered), "2025-11-02T03:00:00Z")).await.unwrap();
    assert!(store.set_aside(set_aside, at("2025-10-26T03:00:00Z")).await.unwrap());

    let ids = |limit| {
        let store = &store;
        async move {
            let batches = store.pending_batches(None, limit).await.unwrap();
            batches.into_iter().map(|batch| batch.id).collect::<Vec<_>>()
        }
    };
    let all = [first, second, third, same_time[0], same_time[1]];
    assert_eq!(ids(99).await, all);
    assert_eq!(ids(2).await, [first, second]);
    let mut after = None;
    for expected in all {
        let next = store.pending_batches(after, 1).await.unwrap().remove(0);
        assert_eq!(next.id, expected, "going on from the one before");
        after = Some(next.cursor());
    }
    assert_eq!(store.pending_batches(after, 1).await.unwrap(), []);
    assert!(store.return_to_pending(set_aside).await.unwrap());
    assert_eq!(ids(1).await, [set_aside]);
}

#[tokio::test]
async fn only_a_pending_batch_is_set_aside_and_only_one_set_aside_returns() {
    let (_database, store) = migrated().await;
    let id = collected(&store, "2025-11-09T02:00:00Z").await;
    assert!(!store.return_to_pending(id).await.unwrap(), "it is pending already");
    assert!(store.set_aside(id, at("2025-11-09T03:00:00Z")).await.unwrap());
    assert!(!store.set_aside(id, at("2025-11-10T03:00:00Z")).await.unwrap());
    let aside = store.find_batch(id).await.unwrap().unwrap().summary;
    assert_eq!((aside.set_aside_at, aside.state()), (Some(at("2025-11-09T03:00:00Z")), BatchState::SetAside));
    store.return_to_pending(id).await.unwrap();
    store.record_attempt(&success(Call::Metrics, Some(id), "2025-11-11T03:00:00Z")).await.unwrap();
    assert!(!store.set_aside(id, at("2025-11-12T03:00:00Z")).await.unwrap(), "the vendor has it");
}

#[tokio::test]
async fn pages_of_the_list_meet_without_gap_or_overlap() {
    let (_database, store) = migrated().await;
    for day in 1..=7 {
        // Two with the same time across a page's edge.
        collected(&store, &format!("2025-11-{:02}T02:00:00Z", day / 2 + 1)).await;
    }
    let all = store.list_batches(None, 0, 99).await.unwrap();
    assert_eq!(all.len(), 7);
    assert!(all.is_sorted_by(|a, b| (a.collected_at, a.id) > (b.collected_at, b.id)));
    let mut paged = Vec::new();
    for offset in [0, 2, 4, 6, 8] {
        paged.extend(store.list_batches(None, offset, 2).await.unwrap());
    }
    assert_eq!(paged, all);
}

#[tokio::test]
async fn the_list_shows_one_state_where_one_is_asked_for() {
    let (_database, store) = migrated().await;
    let pending = collected(&store, "2025-11-09T02:00:00Z").await;
    let delivered = collected(&store, "2025-11-02T02:00:00Z").await;
    let set_aside = collected(&store, "2025-10-26T02:00:00Z").await;
    store.record_attempt(&failure(Call::Metrics, Some(pending), "2025-11-09T03:00:00Z")).await.unwrap();
    store.record_attempt(&success(Call::Metrics, Some(delivered), "2025-11-02T03:00:00Z")).await.unwrap();
    store.set_aside(set_aside, at("2025-10-26T03:00:00Z")).await.unwrap();
    assert_eq!(store.count_batches().await.unwrap(), BatchCounts { pending: 1, delivered: 1, set_aside: 1 });
    for (state, id) in
        [(BatchState::Pending, pending), (BatchState::Delivered, delivered), (BatchState::SetAside, set_aside)]
    {
        let listed = store.list_batches(Some(state), 0, 99).await.unwrap();
        assert_eq!(listed.iter().map(|batch| (batch.id, batch.state())).collect::<Vec<_>>(), [(id, state)]);
    }
}

#[tokio::test]
async fn the_last_run_of_each_collector_is_found_in_whichever_batch_it_was() {
    let (_database, store) = migrated().await;
    assert_eq!(store.last_runs().await.unwrap(), []);
    let run = |collector: &str| CollectorRun {
        collector: collector.to_owned(),
        ..batch("2025-11-02T02:00:00Z").runs[0].clone()
    };
    let mut stored = Vec::new();
    for (time, runs) in [
        ("2025-11-02T02:00:00Z", vec![run("gone"), run("still_here")]),
        ("2025-11-09T02:00:00Z", vec![run("still_here")]),
        ("2025-11-16T02:00:00Z", Vec::new()),
    ] {
        stored.push(store.insert_batch(&NewBatch { runs, ..batch(time) }).await.unwrap().id());
    }
    let last = store.last_runs().await.unwrap();
    assert_eq!(
        last.iter().map(|run| (run.collector.as_str(), run.batch_id)).collect::<Vec<_>>(),
        [("gone", stored[0]), ("still_here", stored[1])]
    );
}

#[tokio::test]
async fn the_points_of_a_metric_are_those_of_the_newest_batches_and_unknown_is_not_zero() {
    let (_database, store) = migrated().await;
    for (day, value) in
        [("2025-11-02", Some(1)), ("2025-11-09", None), ("2025-11-16", Some(3)), ("2025-10-26", Some(0))]
    {
        let metrics = value.map(|value| ("total_users".to_owned(), MetricValue::Int(value)));
        let new = NewBatch { metrics: metrics.into_iter().collect(), ..batch(&format!("{day}T02:00:00Z")) };
        store.insert_batch(&new).await.unwrap();
    }
    let points = async |key, limit| -> Vec<Option<Value>> {
        store.metric_points(key, limit).await.unwrap().into_iter().map(|point| point.value).collect()
    };
    assert_eq!(points("total_users", 3).await, [Some(json!(1)), None, Some(json!(3))]);
    assert_eq!(points("total_users", 9).await.len(), 4);
    assert_eq!(points("no_such_metric", 2).await, [None, None]);
}
