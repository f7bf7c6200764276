//! On half a year of an install that grows, each metric is what its definition says, row by row, in every release and history.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails where it cannot go on")]

mod ohe;
mod oracle;

use chrono::TimeDelta;
use collectors::{CollectionOptions, collect};
use domain::metric::MetricValue;
use ohe::{Ohe, now};
use sample_data::{History, Plan, Tables};

async fn compare(tables: Tables, history: History, seed: u64, users: u32, conversations: u32) {
    let ohe = Ohe::as_it_is(tables).await;
    let plan = Plan { seed, tables, history, ..Plan::half_a_year(now(), users, conversations) };
    sample_data::generate(ohe.owner(), &plan).await.unwrap();
    // As of the end, of a moment in the midst, and of one before anything was.
    for days_ago in [0, 45, 400] {
        let instant = now() - TimeDelta::days(days_ago);
        let collection = collect(&ohe.pool, &ohe.registry, &CollectionOptions::at(instant)).await.unwrap();
        let expected = oracle::metrics(ohe.owner(), instant.naive_utc()).await;
        let story = format!("{tables:?}, {history:?}, seed {seed}, {days_ago} days ago");
        let answered = expected.values().filter(|value| value.is_some()).count();
        assert_eq!(collection.metrics.len(), answered, "{story}");
        for (key, expected) in expected {
            let declaration = ohe.registry.dictionary().find(key).unwrap().declaration;
            let tolerance = match declaration.decimals {
                0 => 0.0,
                // A sum of floats depends on their order, and so may the last digit that is kept.
                decimals => 1.01 * 10_f64.powi(-i32::from(decimals)),
            };
            match (collection.metrics.get(key).map(number), expected) {
                (None, None) => {}
                (Some(value), Some(expected)) if (value - expected).abs() <= tolerance => {}
                (value, expected) => panic!("{key} is {value:?}, not {expected:?}: {story}"),
            }
        }
    }
}

#[tokio::test]
async fn metrics_of_the_older_generation_are_what_a_reader_of_all_rows_would_count() {
    for (seed, users, conversations) in [(1, 60, 2_000), (2, 400, 4_000), (3, 3, 900)] {
        compare(Tables::Settings, History::Fresh, seed, users, conversations).await;
    }
}

#[tokio::test]
async fn metrics_of_a_fresh_install_of_today_are_what_a_reader_of_all_rows_would_count() {
    for (tables, seed, users, conversations) in
        [(Tables::Orgs154, 1, 60, 2_000), (Tables::Orgs, 2, 400, 4_000), (Tables::Orgs, 3, 3, 900)]
    {
        compare(tables, History::Fresh, seed, users, conversations).await;
    }
}

#[tokio::test]
async fn metrics_of_an_upgraded_install_are_what_a_reader_of_all_rows_would_count() {
    for (tables, seed, users, conversations) in [(Tables::Orgs154, 4, 60, 2_000), (Tables::Orgs, 5, 400, 4_000)] {
        compare(tables, History::Upgraded, seed, users, conversations).await;
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a few thousand rows")]
fn number(value: &MetricValue) -> f64 {
    match value {
        MetricValue::Int(number) => *number as f64,
        MetricValue::Float(number) => *number,
        other => panic!("{other:?}"),
    }
}
