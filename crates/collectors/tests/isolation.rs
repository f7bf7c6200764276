//! One collector's failure leaves the others' metrics in the batch.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails where it cannot go on")]

mod ohe;
mod probe;

use std::time::Duration;

use collectors::{CollectError, Collection, CollectionOptions, CollectorError, Measure, Registry, Source, collect};
use domain::{
    collector::CollectorStatus,
    metric::{Metric, MetricDeclaration},
};
use ohe::{Ohe, now};
use probe::{Behaviour, Probe, registry_with, status};
use sample_data::Tables;

const REAL: [&str; 7] = [
    "conversation_metrics",
    "integration_usage",
    "organization_metrics",
    "performance_metrics",
    "spend_metrics",
    "system_metrics",
    "user_activity",
];
/// On the older generation, which these tests run on, two collectors have nothing to tell.
const WITHOUT_METRICS: [&str; 2] = ["organization_metrics", "spend_metrics"];
const PROBE: MetricDeclaration = MetricDeclaration::int("probe", "rows", "Whatever a test has in mind.");

/// Collects with all real collectors and a probe between them, and checks that the real ones are as if it were not
/// there.
async fn collect_with(ohe: &Ohe, probe: Probe, options: &CollectionOptions) -> Collection {
    let alone = ohe.collect().await;
    let name = probe.name;
    let mut collection = collect(&ohe.pool, &registry_with([probe]), options).await.unwrap();
    collection.metrics.remove("probe");
    assert_eq!(collection.metrics, alone.metrics, "the others' metrics");
    assert_eq!(collection.metrics.len(), 90);
    for collector in REAL {
        let is_without = WITHOUT_METRICS.contains(&collector);
        let expected = if is_without { CollectorStatus::NotAvailable } else { CollectorStatus::Ok };
        assert_eq!(status(&collection, collector), &expected, "{collector}");
    }
    assert!(ohe.pool.size() <= 2, "one connection at a time, and none beyond the pool");
    let run = collection.runs.iter().find(|run| run.collector == name).unwrap();
    assert_eq!(run.metric_count, 0, "none of its metrics");
    collection
}

async fn ohe_with_a_conversation() -> Ohe {
    let ohe = Ohe::for_rows_by_hand(Tables::Settings).await;
    ohe.run("INSERT INTO conversation_metadata (created_at, user_id) VALUES ({now}, 'a')").await;
    ohe
}

/// A collector that comes before most others, and fails.
async fn message_of(behaviour: Behaviour) -> String {
    let ohe = ohe_with_a_conversation().await;
    let collection =
        collect_with(&ohe, Probe::behaving("first_of_all", behaviour), &CollectionOptions::at(now())).await;
    match status(&collection, "first_of_all") {
        CollectorStatus::Error { message } => message.clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_error_is_that_collectors_alone() {
    let said = message_of(|_| Box::pin(async { Err(CollectorError::Failed("the moon is full".into())) })).await;
    assert_eq!(said, "the moon is full");
}

#[tokio::test]
async fn an_sql_error_does_not_poison_the_transaction() {
    let said = message_of(|snapshot| {
        Box::pin(async {
            sqlx::raw_sql("SELECT nothing FROM nowhere").execute(snapshot.connection().await?).await?;
            Ok(vec![])
        })
    })
    .await;
    assert_eq!(said, "relation \"nowhere\" does not exist (SQLSTATE 42P01)");
}

#[tokio::test]
async fn an_error_tells_no_value_of_a_row() {
    let said = message_of(|snapshot| {
        Box::pin(async {
            sqlx::raw_sql("SELECT 'jane@acme.example'::int").execute(snapshot.connection().await?).await?;
            Ok(vec![])
        })
    })
    .await;
    assert_eq!(said, "the data do not allow this query (SQLSTATE 22P02)");
}

#[tokio::test]
async fn a_panic_is_that_collectors_alone() {
    let said = message_of(|snapshot| {
        Box::pin(async {
            sqlx::raw_sql("SELECT 1").execute(snapshot.connection().await?).await?;
            panic!("jane@acme.example");
        })
    })
    .await;
    assert_eq!(said, "the collector panicked");
}

#[tokio::test]
async fn nothing_can_be_written() {
    let said = message_of(|snapshot| {
        Box::pin(async {
            sqlx::raw_sql("DELETE FROM conversation_metadata").execute(snapshot.connection().await?).await?;
            Ok(vec![])
        })
    })
    .await;
    assert_eq!(said, "cannot execute DELETE in a read-only transaction (SQLSTATE 25006)");
}

#[tokio::test]
async fn a_metric_that_breaks_its_declaration_fails_its_collector() {
    let cases: [(Behaviour, &str); 3] = [
        (
            |_| Box::pin(async { Ok(vec![Metric::new("probe", 1), Metric::new("sonde", 1)]) }),
            "metric `sonde` is not declared by this collector; add it to `declarations()`",
        ),
        (
            |_| Box::pin(async { Ok(vec![Metric::new("probe", 1), Metric::new("probe", 2)]) }),
            "metric `probe` was given twice by the same collector",
        ),
        (
            |_| Box::pin(async { Ok(vec![Metric::new("probe", 1.5)]) }),
            "metric `probe` is declared as int, but the collector gave float",
        ),
    ];
    for (behaviour, message) in cases {
        assert_eq!(message_of(behaviour).await, message);
    }
}

#[tokio::test]
async fn a_measure_that_fails_fails_its_collector_alone() {
    const CONVERSATIONS: Source = Source::of(&["conversation_metadata"]);
    const DIVIDES: &[Measure] = &[CONVERSATIONS.aggregate("sum(1 / (length({user_id}) - 1))", PROBE)];
    const MISTYPED: &[Measure] = &[CONVERSATIONS.aggregate("avg(length({user_id})) + 0.5", PROBE)];
    const MISSPELT: &[Measure] = &[CONVERSATIONS.aggregate("summ({user_id})", PROBE)];
    for (measures, message) in [
        (DIVIDES, "the data do not allow this query (SQLSTATE 22012)"),
        (MISTYPED, "metric `probe` is declared as int, but the collector gave float"),
        (MISSPELT, "function summ(character varying) does not exist (SQLSTATE 42883)"),
    ] {
        let ohe = ohe_with_a_conversation().await;
        let probe = Probe::measuring("first_of_all", measures);
        let collection = collect_with(&ohe, probe, &CollectionOptions::at(now())).await;
        assert_eq!(status(&collection, "first_of_all"), &CollectorStatus::Error { message: message.to_owned() });
    }
}

/// Limits that are reached soon, and far enough apart to tell which one was.
fn soon(collector_limit: u64, statement_timeout: u64) -> CollectionOptions {
    CollectionOptions {
        collector_limit: Duration::from_millis(collector_limit),
        statement_timeout: Duration::from_millis(statement_timeout),
        ..CollectionOptions::at(now())
    }
}

async fn assert_nothing_sleeps(ohe: &Ohe) {
    let sleeping: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()",
    )
    .fetch_one(ohe.owner())
    .await
    .unwrap();
    assert_eq!(sleeping, 0, "what was stopped still runs");
}

#[tokio::test]
async fn a_collector_that_never_returns_is_stopped() {
    let ohe = ohe_with_a_conversation().await;
    let probe = Probe::behaving("first_of_all", |_| Box::pin(std::future::pending()));
    let collection = collect_with(&ohe, probe, &soon(2_000, 60_000)).await;
    assert_eq!(status(&collection, "first_of_all"), &CollectorStatus::TimedOut { limit_seconds: 2 });
}

#[tokio::test]
async fn a_query_that_never_returns_is_stopped_in_the_server_too() {
    let ohe = ohe_with_a_conversation().await;
    let probe = Probe::behaving("first_of_all", |snapshot| {
        Box::pin(async {
            sqlx::raw_sql("SELECT pg_sleep(600)").execute(snapshot.connection().await?).await?;
            Ok(vec![])
        })
    });
    let collection = collect_with(&ohe, probe, &soon(2_000, 60_000)).await;
    assert_eq!(status(&collection, "first_of_all"), &CollectorStatus::TimedOut { limit_seconds: 2 });
    assert_nothing_sleeps(&ohe).await;
}

#[tokio::test]
async fn a_query_is_stopped_at_the_statement_timeout() {
    let ohe = ohe_with_a_conversation().await;
    let probe = Probe::behaving("first_of_all", |snapshot| {
        Box::pin(async {
            sqlx::raw_sql("SELECT pg_sleep(600)").execute(snapshot.connection().await?).await?;
            Ok(vec![])
        })
    });
    let collection = collect_with(&ohe, probe, &soon(60_000, 2_000)).await;
    let message = "canceling statement due to statement timeout (SQLSTATE 57014)".to_owned();
    assert_eq!(status(&collection, "first_of_all"), &CollectorStatus::Error { message });
    assert_nothing_sleeps(&ohe).await;
}

#[tokio::test]
async fn a_collector_that_abandons_its_query_leaves_the_connection_usable() {
    let ohe = ohe_with_a_conversation().await;
    let probe = Probe::behaving("first_of_all", |snapshot| {
        Box::pin(async {
            let query = sqlx::raw_sql("SELECT pg_sleep(600)").execute(snapshot.connection().await?);
            tokio::time::timeout(Duration::from_millis(50), query).await.unwrap_err();
            Err(CollectorError::Failed("lost patience".into()))
        })
    });
    let collection = collect_with(&ohe, probe, &soon(2_000, 60_000)).await;
    assert_eq!(status(&collection, "first_of_all"), &CollectorStatus::Error { message: "lost patience".into() });
    assert_nothing_sleeps(&ohe).await;
}

#[tokio::test]
async fn a_measure_that_never_ends_is_that_collectors_alone() {
    const SLOW: &[Measure] = &[Source::of(&["conversation_metadata"]).aggregate("count(pg_sleep(600))", PROBE)];
    let ohe = ohe_with_a_conversation().await;
    let collection = collect_with(&ohe, Probe::measuring("first_of_all", SLOW), &soon(2_000, 60_000)).await;
    assert_eq!(status(&collection, "first_of_all"), &CollectorStatus::TimedOut { limit_seconds: 2 });
    assert_nothing_sleeps(&ohe).await;
}

#[tokio::test]
async fn a_lost_connection_is_no_collectors_fault_and_the_next_collection_has_another() {
    let ohe = ohe_with_a_conversation().await;
    let registry = registry_with([Probe::behaving("saboteur", |snapshot| {
        Box::pin(async {
            sqlx::raw_sql("SELECT pg_terminate_backend(pg_backend_pid())")
                .execute(snapshot.connection().await?)
                .await?;
            Ok(vec![])
        })
    })]);
    let error = collect(&ohe.pool, &registry, &CollectionOptions::at(now())).await.unwrap_err();
    assert!(matches!(error, CollectError::Database(_)), "{error:?}");
    assert_eq!(ohe.collect().await.metrics.len(), 90);
}

#[tokio::test]
async fn a_collection_that_is_dropped_midway_leaves_the_pool_usable() {
    let ohe = ohe_with_a_conversation().await;
    let registry = registry_with([Probe::behaving("sleeper", |snapshot| {
        Box::pin(async {
            sqlx::raw_sql("SELECT pg_sleep(1)").execute(snapshot.connection().await?).await?;
            Ok(vec![])
        })
    })]);
    let options = CollectionOptions::at(now());
    let collection = collect(&ohe.pool, &registry, &options);
    tokio::time::timeout(Duration::from_millis(500), collection).await.unwrap_err();
    assert_eq!(ohe.collect().await.metrics.len(), 90);
}

#[tokio::test]
async fn a_collector_that_should_not_collect_is_no_part_of_the_collection() {
    let ohe = ohe_with_a_conversation().await;
    let probe = Probe {
        should_collect: false,
        ..Probe::behaving("idle", |_| Box::pin(async { Ok(vec![Metric::new("probe", 1)]) }))
    };
    let registry = registry_with([probe]);
    let collection = collect(&ohe.pool, &registry, &CollectionOptions::at(now())).await.unwrap();
    assert_eq!(collection.runs.iter().map(|run| run.collector.as_str()).collect::<Vec<_>>(), REAL);
    assert_eq!(collection.metrics.len(), 90);
}

#[tokio::test]
async fn a_declared_metric_that_is_not_given_is_missing_and_not_zero() {
    let ohe = ohe_with_a_conversation().await;
    let probe = Probe::behaving("silent", |_| Box::pin(async { Ok(vec![]) }));
    let collection = collect_with(&ohe, probe, &CollectionOptions::at(now())).await;
    assert_eq!(status(&collection, "silent"), &CollectorStatus::NotAvailable);
    let run = collection.runs.iter().find(|run| run.collector == "silent").unwrap();
    assert_eq!(run.missing[0].reason, "The collector did not give this.");
    assert_eq!(run.missing[0].keys, ["probe"]);
}

#[tokio::test]
async fn one_collector_alone_has_the_same_metrics_as_among_all() {
    let ohe = ohe_with_a_conversation().await;
    let all = ohe.collect().await;
    let mut together = 0;
    for name in REAL {
        let options = CollectionOptions { only: Some(name.to_owned()), ..CollectionOptions::at(now()) };
        let collection = collect(&ohe.pool, &ohe.registry, &options).await.unwrap();
        assert_eq!(collection.runs.len(), 1);
        assert_eq!(collection.runs[0].metric_count as usize, collection.metrics.len());
        for (key, value) in &collection.metrics {
            assert_eq!(ohe.registry.dictionary().find(key).unwrap().owner, name);
            assert_eq!(value, &all.metrics[key], "{key}");
        }
        together += collection.metrics.len();
    }
    assert_eq!(together, all.metrics.len());
}

#[tokio::test]
async fn an_unknown_name_is_answered_with_the_names_there_are() {
    let ohe = Ohe::without_tables().await;
    let options = CollectionOptions { only: Some("sytem_metrics".into()), ..CollectionOptions::at(now()) };
    let error = collect(&ohe.pool, &ohe.registry, &options).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no collector `sytem_metrics`; the collectors are: conversation_metrics, integration_usage, \
         organization_metrics, performance_metrics, spend_metrics, system_metrics, user_activity"
    );
}

#[test]
fn contradicting_collectors_are_refused_with_every_fault() {
    const TWICE: &[Measure] = &[
        Source::of(&["repos"]).count(MetricDeclaration::int("total_users", "users", "Users, again.")),
        Source::of(&["repos"]).count(MetricDeclaration::int("Total", "rows", "Not snake_case.")),
    ];
    let real = Registry::load().unwrap();
    let probes = ["system_metrics", "zzz"].map(|name| Probe::measuring(name, TWICE).forever());
    let error = Registry::new(real.collectors().iter().copied().chain(probes)).unwrap_err().to_string();
    for fault in [
        "two collectors are named `system_metrics`",
        "metric key `total_users` is declared by collector `system_metrics` and again by `zzz`",
        "metric key `Total` of collector `zzz` is not snake_case",
    ] {
        assert!(error.contains(fault), "{error}");
    }
}
