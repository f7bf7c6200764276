//! On half a year of an install that grows, each metric is what its definition says, row by row.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails where it cannot go on")]

mod ohe;
mod oracle;

use chrono::TimeDelta;
use collectors::{CollectionOptions, collect};
use domain::metric::MetricValue;
use ohe::{Ohe, now};
use sample_data::Plan;

#[tokio::test]
async fn metrics_are_what_a_reader_of_all_rows_would_count() {
    for (seed, users, conversations) in [(1, 60, 2_000), (2, 400, 4_000), (3, 3, 900)] {
        let ohe = Ohe::as_it_is().await;
        let plan = Plan::half_a_year(now(), users, conversations);
        let plan = Plan { seed, tables: sample_data::Tables::Settings, ..plan };
        sample_data::generate(ohe.owner(), &plan).await.unwrap();
        // As of the end, of a moment in the midst, and of one before anything was.
        for days_ago in [0, 45, 400] {
            let instant = now() - TimeDelta::days(days_ago);
            let collection = collect(&ohe.pool, &ohe.registry, &CollectionOptions::at(instant)).await.unwrap();
            let expected = oracle::metrics(ohe.owner(), instant.naive_utc()).await;
            assert_eq!(collection.metrics.len(), expected.len());
            for (key, expected) in expected {
                let declaration = ohe.registry.dictionary().find(key).unwrap().declaration;
                let tolerance = match declaration.decimals {
                    0 => 0.0,
                    // A sum of floats depends on their order, and so may the last digit that is kept.
                    decimals => 1.01 * 10_f64.powi(-i32::from(decimals)),
                };
                let value = number(&collection.metrics[key]);
                assert!(
                    (value - expected).abs() <= tolerance,
                    "{key} is {value}, not {expected}: seed {seed}, {days_ago} days ago"
                );
            }
        }
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
