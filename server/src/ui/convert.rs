//! The store's rows as the pages show them.

use std::collections::{BTreeMap, BTreeSet};

use app::model::{
    AdministratorAnswer, AdministratorLookup, Attempt, AttemptOutcome, BatchCounts, BatchDetail, BatchRef, BatchState,
    BatchSummary, ClockOff, LastRun, MetricPoint, MetricSummary, TableRead,
};
use chrono::TimeDelta;
use collectors::Column;
use domain::collector::{CollectorRun, CollectorStatus, MissingMetrics};
use domain::metric::{DictionaryEntry, MetricValue};
use serde_json::{Value, json};
use store::{LookupRecord, LookupResult, RunRecord};

pub(super) fn batch_state(state: BatchState) -> store::BatchState {
    match state {
        BatchState::Pending => store::BatchState::Pending,
        BatchState::Delivered => store::BatchState::Delivered,
        BatchState::SetAside => store::BatchState::SetAside,
    }
}

pub(super) fn counts(counts: store::BatchCounts) -> BatchCounts {
    BatchCounts { pending: counts.pending, delivered: counts.delivered, set_aside: counts.set_aside }
}

pub(super) fn batch_summary(batch: store::BatchSummary) -> BatchSummary {
    BatchSummary {
        id: batch.id.to_string(),
        collected_at: batch.collected_at,
        state: match batch.state() {
            store::BatchState::Pending => BatchState::Pending,
            store::BatchState::Delivered => BatchState::Delivered,
            store::BatchState::SetAside => BatchState::SetAside,
        },
        delivered_at: batch.uploaded_at,
        metric_count: batch.metric_count,
        attempts: batch.upload_attempts,
        last_error: batch.last_upload_error,
    }
}

pub(super) fn batch_detail(batch: store::BatchDetail) -> BatchDetail {
    let mut attempts = batch.attempts.into_iter().filter_map(attempt).collect::<Vec<_>>();
    attempts.reverse();
    BatchDetail {
        summary: batch_summary(batch.summary),
        database: batch.database,
        runs: batch.runs.into_iter().map(run).collect(),
        attempts,
        // As the vendor's client writes it: compact, the keys in their stored order.
        payload: json!({ "data": batch.metrics }).to_string(),
    }
}

/// None for a call that carried no batch.
pub(super) fn attempt(attempt: store::Attempt) -> Option<Attempt> {
    let (outcome, error) = match attempt.failure {
        None => (AttemptOutcome::Delivered, None),
        Some(failure) => (AttemptOutcome::Failed(failure.class), Some(failure.message)),
    };
    Some(Attempt {
        batch_id: attempt.batch_id?.to_string(),
        started_at: attempt.started_at,
        duration: attempt.duration,
        outcome,
        http_status: attempt.http_status,
        error,
    })
}

pub(super) fn clock_off((clock, ahead): (&'static str, TimeDelta)) -> ClockOff {
    ClockOff { clock: clock.to_owned(), ahead_seconds: ahead.num_seconds() }
}

/// Once the vendor knows this install nobody is looked for, so that an earlier failure says nothing.
pub(super) fn administrator(is_registered: bool, latest: Option<LookupRecord>) -> Option<AdministratorLookup> {
    let record = latest?;
    let retry_at = record.retry_at();
    let answer = match record.result {
        LookupResult::Found(step) => AdministratorAnswer::Found(step),
        _ if is_registered => return None,
        LookupResult::Nobody => AdministratorAnswer::Nobody,
        LookupResult::Failed { error, remedy, .. } => {
            AdministratorAnswer::Failed { error, remedy, retry_at: retry_at? }
        }
    };
    Some(AdministratorLookup { at: record.looked_up_at, answer })
}

/// The columns by table. A table of which the rows alone are counted has none.
pub(super) fn table_reads(columns: &[Column]) -> Vec<TableRead> {
    let mut tables = BTreeMap::<_, BTreeSet<_>>::new();
    for column in columns {
        tables.entry(column.table).or_default().extend(column.name);
    }
    let read = |(table, columns): (&str, BTreeSet<&str>)| TableRead {
        table: table.to_owned(),
        columns: columns.into_iter().map(str::to_owned).collect(),
    };
    tables.into_iter().map(read).collect()
}

fn run(record: RunRecord) -> CollectorRun {
    let detail = record.detail.unwrap_or_default();
    let mut missing = record.missing;
    // An earlier release stored the tables and columns alone, and gave this status to a collector that lacked a part, too.
    if missing.is_empty() && record.status == "not_available" {
        let columns = detail.split(", ").map(str::to_owned).collect();
        let reason = "OHE's database lacked what this reads.".to_owned();
        missing.push(MissingMetrics { reason, keys: Vec::new(), columns });
    }
    let status = match record.status.as_str() {
        "ok" => CollectorStatus::Ok,
        "not_available" if record.metric_count > 0 => CollectorStatus::Ok,
        "not_available" => CollectorStatus::NotAvailable,
        // The limit in force then is the first number of the detail.
        "timed_out" => CollectorStatus::TimedOut {
            limit_seconds: detail.split_whitespace().find_map(|word| word.parse().ok()).unwrap_or_default(),
        },
        _ => CollectorStatus::Error { message: detail },
    };
    let RunRecord { collector, metric_count, duration, .. } = record;
    CollectorRun { collector, status, metric_count, missing, duration }
}

pub(super) fn last_run(record: RunRecord) -> LastRun {
    let batch = BatchRef { id: record.batch_id.to_string(), collected_at: record.collected_at };
    LastRun { batch, run: run(record) }
}

/// A stored value; none for what no metric can be, which only a row of an older program holds.
pub(super) fn value(stored: &Value) -> Option<MetricValue> {
    serde_json::from_value(stored.clone()).ok()
}

pub(super) fn point(point: &store::MetricPoint) -> MetricPoint {
    MetricPoint {
        batch_id: point.batch_id.to_string(),
        collected_at: point.collected_at,
        value: point.value.as_ref().and_then(value),
    }
}

/// A metric of the dictionary with its latest value and the numbers among `values`, oldest first.
pub(super) fn metric<'a>(
    entry: &DictionaryEntry,
    latest: Option<MetricValue>,
    values: impl Iterator<Item = &'a MetricValue>,
) -> MetricSummary {
    let declaration = &entry.declaration;
    MetricSummary {
        key: declaration.key.to_owned(),
        metric_type: declaration.metric_type,
        unit: declaration.unit.to_owned(),
        description: declaration.description.to_owned(),
        owner: entry.owner.to_owned(),
        latest,
        recent: values.filter_map(number).collect(),
    }
}

fn number(value: &MetricValue) -> Option<f64> {
    match value {
        #[expect(clippy::cast_precision_loss, reason = "for the height of a point in a chart")]
        MetricValue::Int(number) => Some(*number as f64),
        MetricValue::Float(number) => Some(*number),
        MetricValue::Bool(_) | MetricValue::Text(_) => None,
    }
}
