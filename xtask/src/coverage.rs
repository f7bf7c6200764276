//! `cargo xtask coverage`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::packages::HOST;
use crate::prerequisites::{CARGO_LLVM_COV, LLVM, POSTGRESQL, ensure, llvm, tool};
use crate::process::{command, run};
use crate::stages::{Stages, table};
use crate::workspace;

/// Percent of the lines that the tests must run.
const LEAST: f64 = 90.0;

/// Many tests wait for what is promised in real time.
const TESTS_AT_ONCE: &str = "4";

/// What llvm-cov reports, as far as it is of use here.
#[derive(Deserialize)]
struct Report {
    data: Vec<Files>,
}

#[derive(Deserialize)]
struct Files {
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    filename: String,
    summary: Summary,
}

#[derive(Deserialize)]
struct Summary {
    lines: Lines,
}

/// Lines that hold code, and those of them that ran.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
struct Lines {
    count: u32,
    covered: u32,
}

impl Lines {
    fn percent(self) -> f64 {
        if self.count == 0 { 100.0 } else { f64::from(self.covered) * 100.0 / f64::from(self.count) }
    }
}

/// Runs all tests of the product's crates and prints how many of their lines ran.
///
/// # Errors
///
/// Where a test fails, or too few lines ran.
pub(crate) fn run_tests() -> Result<()> {
    ensure(&[&POSTGRESQL, &LLVM, &CARGO_LLVM_COV])?;
    let report = workspace::target()?.join("coverage.json");
    let mut stages = Stages::default();
    stages.run("tests, instrumented", || run(&mut measurement(&report)?))?;
    let text = fs::read_to_string(&report).with_context(|| report.display().to_string())?;
    let by_crate = by_crate(&text, &fs::canonicalize(workspace::root())?)?;
    let total = by_crate.values().fold(Lines::default(), |sum, lines| Lines {
        count: sum.count + lines.count,
        covered: sum.covered + lines.covered,
    });
    let rows = by_crate.iter().map(|(name, lines)| row(name, *lines)).chain([row("total", total)]);
    println!("{}\n\n{}", stages.table(), table(&["crate", "lines", "covered", "percent"], &rows.collect::<Vec<_>>()));
    if total.percent() < LEAST {
        bail!("less than {LEAST} % of the lines are covered");
    }
    Ok(())
}

/// This program is left out: it runs the tests. What is compiled lies in a directory of its own, so that the usual one stays.
fn measurement(report: &Path) -> Result<Command> {
    let llvm = llvm::directory().context("LLVM's tools are missing")?;
    let packages = HOST.iter().filter(|name| **name != "xtask").flat_map(|name| ["--package", *name]);
    let mut command = command(tool("cargo-llvm-cov")?, ["llvm-cov", "--quiet", "--json", "--summary-only"]);
    command.args(["--features", "app/ssr", "--output-path"]).arg(report).args(packages);
    command.args(["--lib", "--bins", "--tests", "--test", "failure"]).env("RUST_TEST_THREADS", TESTS_AT_ONCE);
    command.env("LLVM_COV", llvm.join("llvm-cov")).env("LLVM_PROFDATA", llvm.join("llvm-profdata"));
    command.env("CARGO_LLVM_COV_TARGET_DIR", workspace::target()?.join("coverage"));
    Ok(command)
}

/// Sums the files of a report by the directory of their crate below `root`.
fn by_crate(report: &str, root: &Path) -> Result<BTreeMap<String, Lines>> {
    let report: Report = serde_json::from_str(report).context("llvm-cov's report")?;
    let mut crates = BTreeMap::<String, Lines>::new();
    for file in report.data.into_iter().flat_map(|data| data.files) {
        let Ok(path) = Path::new(&file.filename).strip_prefix(root) else { continue };
        let directory = path.iter().take_while(|part| *part != "src").map(|part| part.to_string_lossy());
        let lines = crates.entry(directory.collect::<Vec<_>>().join("/")).or_default();
        lines.count += file.summary.lines.count;
        lines.covered += file.summary.lines.covered;
    }
    Ok(crates)
}

fn row(name: &str, lines: Lines) -> Vec<String> {
    vec![name.to_owned(), lines.count.to_string(), lines.covered.to_string(), format!("{:.1}", lines.percent())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_summed_by_crate_and_foreign_ones_left_out() {
        let file = |name: &str, count: u32, covered: u32| {
            format!(r#"{{"filename": "{name}", "summary": {{"lines": {{"count": {count}, "covered": {covered}}}}}}}"#)
        };
        let files = [
            file("/repository/crates/store/src/batches.rs", 80, 70),
            file("/repository/crates/store/src/batches/read.rs", 20, 20),
            file("/repository/server/src/http/health.rs", 10, 5),
            file("/elsewhere/src/lib.rs", 10, 0),
        ];
        let report = format!(r#"{{"data": [{{"files": [{}]}}]}}"#, files.join(","));
        let expected = BTreeMap::from([
            ("crates/store".to_owned(), Lines { count: 100, covered: 90 }),
            ("server".to_owned(), Lines { count: 10, covered: 5 }),
        ]);
        assert_eq!(by_crate(&report, Path::new("/repository")).unwrap(), expected);
    }

    #[test]
    fn a_crate_without_code_lacks_nothing() {
        assert!(Lines::default().percent() >= LEAST);
        assert!(Lines { count: 10, covered: 8 }.percent() < LEAST);
    }
}
