//! Stages: what a command does one after the other, each with its time, and a table at the end.

use std::time::{Duration, Instant};

use anyhow::Result;

/// The stages of one command so far.
#[derive(Debug, Default)]
pub(crate) struct Stages {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    name: String,
    result: String,
    took: Duration,
}

impl Stages {
    /// Does `work` under a heading.
    ///
    /// # Errors
    ///
    /// Those of `work`.
    pub(crate) fn run<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        println!("▸ {name}");
        let started = Instant::now();
        let result = work();
        self.record(name, if result.is_ok() { "done" } else { "FAILED" }.to_owned(), started.elapsed());
        result
    }

    /// Adds what was done elsewhere.
    pub(crate) fn record(&mut self, name: &str, result: String, took: Duration) {
        self.rows.push(Row { name: name.to_owned(), result, took });
    }

    /// The table to close with.
    pub(crate) fn table(&self) -> String {
        let rows = self.rows.iter().map(|row| vec![row.name.clone(), row.result.clone(), seconds(row.took)]);
        let total = vec!["total".to_owned(), String::new(), seconds(self.rows.iter().map(|row| row.took).sum())];
        table(&["stage", "result", "seconds"], &rows.chain([total]).collect::<Vec<_>>())
    }
}

/// A duration as seconds with one decimal.
pub(crate) fn seconds(duration: Duration) -> String {
    format!("{:.1}", duration.as_secs_f64())
}

/// Columns under their heads; those of which every cell is a number are aligned on the right.
pub(crate) fn table(heads: &[&str], rows: &[Vec<String>]) -> String {
    let widths: Vec<usize> = (0..heads.len())
        .map(|column| {
            rows.iter().map(|row| row[column].chars().count()).chain([heads[column].len()]).max().unwrap_or(0)
        })
        .collect();
    let numeric: Vec<bool> = (0..heads.len())
        .map(|column| rows.iter().all(|row| row[column].is_empty() || row[column].parse::<f64>().is_ok()))
        .collect();
    let line = |cells: Vec<&str>| {
        let padded = cells.iter().enumerate().map(|(column, cell)| {
            let width = widths[column];
            if numeric[column] { format!("{cell:>width$}") } else { format!("{cell:width$}") }
        });
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let rule = widths.iter().map(|width| "─".repeat(*width)).collect::<Vec<_>>().join("  ");
    let body = rows.iter().map(|row| line(row.iter().map(String::as_str).collect()));
    [line(heads.to_vec()), rule].into_iter().chain(body).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_aligned_left_and_numbers_right() {
        let rows = [["format", "done", "0.5"], ["clippy, host", "FAILED", "110.0"]];
        let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(ToString::to_string).collect()).collect();
        let expected = "\
stage         result  seconds
────────────  ──────  ───────
format        done        0.5
clippy, host  FAILED    110.0";
        assert_eq!(table(&["stage", "result", "seconds"], &rows), expected);
    }

    #[test]
    fn the_table_ends_with_the_sum_of_the_times() {
        let mut stages = Stages::default();
        stages.record("one", "done".to_owned(), Duration::from_millis(1500));
        stages.record("two", "done".to_owned(), Duration::from_millis(600));
        assert!(stages.table().ends_with("total              2.1"), "{}", stages.table());
    }
}
