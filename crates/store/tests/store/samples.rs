//! Databases, batches and attempts that the tests start from.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::collector::{CollectorRun, CollectorStatus};
use domain::delivery::ErrorClass;
use domain::metric::MetricValue;
use domain::ohe::{Generation, OheDatabase};
use private_postgres::testing::TestDatabase;
use store::{Attempt, Call, Failure, NewBatch, Registration, Store};
use uuid::Uuid;

/// A database with our tables, and its store. The database lives as long as the first value.
pub(crate) async fn migrated() -> (TestDatabase, Store) {
    let database = TestDatabase::empty().await;
    let store = Store::new(database.pool().clone());
    store.migrate().await.unwrap();
    (database, store)
}

/// A store of another process: its connections are its own.
pub(crate) fn another(database: &TestDatabase) -> Store {
    Store::new(store::connect(database.connect_options(), 4))
}

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn batch(collected_at: &str) -> NewBatch {
    NewBatch {
        collected_at: at(collected_at),
        slot: None,
        database: OheDatabase {
            generation: Generation::Orgs,
            revision: Some("173".to_owned()),
            answerable: 104,
            known: 115,
        },
        by_hand: false,
        metrics: BTreeMap::from([
            ("total_users".to_owned(), MetricValue::Int(42)),
            ("llm_cost_usd_30d".to_owned(), MetricValue::Float(5.0)),
        ]),
        runs: vec![CollectorRun {
            collector: "system_metrics".to_owned(),
            status: CollectorStatus::Ok,
            metric_count: 2,
            missing: Vec::new(),
            duration: Duration::from_millis(12),
        }],
    }
}

/// Stores a batch collected then, and returns its id.
pub(crate) async fn collected(store: &Store, collected_at: &str) -> Uuid {
    store.insert_batch(&batch(collected_at)).await.unwrap().id()
}

/// A request that began then, took 250 ms and was accepted.
pub(crate) fn success(call: Call, batch_id: Option<Uuid>, started_at: &str) -> Attempt {
    Attempt {
        id: Uuid::new_v4(),
        call,
        batch_id,
        started_at: at(started_at),
        body_sha256: None,
        duration: Duration::from_millis(250),
        http_status: Some(200),
        vendor_clock_offset: None,
        failure: None,
    }
}

/// A request that began then, and that the vendor answered with 503.
pub(crate) fn failure(call: Call, batch_id: Option<Uuid>, started_at: &str) -> Attempt {
    Attempt {
        http_status: Some(503),
        failure: Some(Failure {
            class: ErrorClass::Vendor,
            message: "the vendor answered 503".to_owned(),
            retry_after: None,
        }),
        ..success(call, batch_id, started_at)
    }
}

/// A request that began then, and that the vendor refused for its content.
pub(crate) fn refusal(call: Call, batch_id: Option<Uuid>, started_at: &str) -> Attempt {
    Attempt {
        http_status: Some(422),
        failure: Some(Failure { class: ErrorClass::Rejected, message: "no".to_owned(), retry_after: None }),
        ..success(call, batch_id, started_at)
    }
}

/// What the vendor gave at the nth registration, every value of it marked with `nth`.
pub(crate) fn registration(nth: &str) -> Registration {
    Registration {
        customer_id: format!("cust_{nth}"),
        instance_id: Some(format!("inst_{nth}")),
        service_token: Some(format!("token_{nth}").into()),
        customer_email: format!("admin_{nth}@acme.example").into(),
        customer_email_hash: format!("hash_{nth}"),
        customer_email_step: Some(format!("step_{nth}")),
        registered_at: at("2025-11-09T02:00:00Z"),
    }
}
