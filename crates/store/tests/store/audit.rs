//! The audit log.

use serde_json::json;
use store::NewAuditEntry;

use crate::samples::{at, migrated};

#[tokio::test]
async fn actions_come_back_newest_first() {
    let (_database, store) = migrated().await;
    let entry = |time: &str, action: &str| NewAuditEntry {
        at: at(time),
        actor: "admin\nforged line".to_owned(),
        action: action.to_owned(),
        detail: json!({"batch": "b-1"}),
        outcome: "enqueued".to_owned(),
    };
    store.record_audit(&entry("2025-11-09T02:00:00Z", "collect_now")).await.unwrap();
    store.record_audit(&entry("2025-11-09T03:00:00Z", "retry_batch")).await.unwrap();
    store.record_audit(&entry("2025-11-09T03:00:00Z", "upload_now")).await.unwrap();
    let listed = store.recent_audit_entries(2).await.unwrap();
    assert_eq!(listed.iter().map(|entry| entry.action.as_str()).collect::<Vec<_>>(), ["upload_now", "retry_batch"]);
    assert_eq!((listed[0].actor.as_str(), listed[0].outcome.as_str()), ("admin forged line", "enqueued"));
    assert_eq!((listed[0].at, &listed[0].detail), (at("2025-11-09T03:00:00Z"), &json!({"batch": "b-1"})));
}
