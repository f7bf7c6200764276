//! `cargo xtask test`.

mod cargo_test;
mod outcome;
mod playwright;
mod stage;
mod versions;

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use self::outcome::Outcome;
use self::stage::Stage;
use crate::stages::{Stages, seconds};
use crate::wasm::Profile;
use crate::{prerequisites, workspace};

/// Format, lints, unit, integration and browser tests.
#[derive(Debug, Args)]
pub(crate) struct Test {
    /// Without what takes longest: files for browsers as a release has them, other versions of PostgreSQL, failures,
    /// Keycloak, the browser, the documentation, the audit of the dependencies.
    #[arg(long, conflicts_with = "stages")]
    fast: bool,
    /// Only these stages.
    #[arg(value_enum)]
    stages: Vec<Stage>,
}

impl Test {
    /// Runs every stage, also after one has failed, except those that need what failed to build.
    ///
    /// # Errors
    ///
    /// Where anything failed.
    pub(crate) fn run(&self) -> Result<()> {
        let chosen = self.chosen();
        prerequisites::ensure(&chosen.iter().flat_map(|stage| stage.prerequisites()).copied().collect::<Vec<_>>())?;
        let (mut stages, mut sum) = (Stages::default(), Outcome::default());
        let mut build_failed = false;
        for stage in chosen {
            let started = Instant::now();
            let outcome = if build_failed && stage.needs_the_build() {
                stages.record(stage.name(), "not run".to_owned(), started.elapsed());
                Outcome::FAILED
            } else {
                let outcome = perform(stage, self.profile())?;
                println!("  {outcome}, {} s", seconds(started.elapsed()));
                stages.record(stage.name(), outcome.to_string(), started.elapsed());
                outcome
            };
            build_failed |= stage.is_the_build() && outcome.failed > 0;
            sum += outcome;
        }
        println!("\n{}\n\n{sum}", stages.table());
        if sum.failed > 0 {
            bail!("the logs are in {}", logs()?.display());
        }
        Ok(())
    }

    /// What is shipped is what is tested: what makes files small may break them, too.
    fn profile(&self) -> Profile {
        if self.fast { Profile::Dev } else { Profile::Release }
    }

    fn chosen(&self) -> Vec<Stage> {
        let all = Stage::value_variants().iter().copied();
        all.filter(
            |stage| {
                if self.stages.is_empty() { !(self.fast && stage.is_slow()) } else { self.stages.contains(stage) }
            },
        )
        .collect()
    }
}

/// Runs one stage, with its output in a log that is shown where it fails.
fn perform(stage: Stage, profile: Profile) -> Result<Outcome> {
    println!("▸ {}", stage.name());
    let log = logs()?.join(format!("{}.log", stage.name()));
    fs::write(&log, "")?;
    let outcome = match stage.run(&log, profile) {
        Ok(outcome) => outcome,
        Err(error) => {
            println!("  {error:#}");
            Outcome::FAILED
        }
    };
    if outcome.failed > 0 {
        println!("{}", String::from_utf8_lossy(&fs::read(&log)?));
    }
    Ok(outcome)
}

fn logs() -> Result<PathBuf> {
    let logs = workspace::target()?.join("test");
    fs::create_dir_all(&logs)?;
    Ok(logs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_choice_all_stages_run_in_their_order() {
        let all = Test { fast: false, stages: vec![] }.chosen();
        assert_eq!(all, Stage::value_variants());
        let fast = Test { fast: true, stages: vec![] }.chosen();
        assert!(fast.contains(&Stage::Tests) && !fast.contains(&Stage::Browser), "{fast:?}");
    }

    #[test]
    fn chosen_stages_run_in_the_order_that_they_build_on_each_other() {
        let test = Test { fast: false, stages: vec![Stage::Browser, Stage::Wasm] };
        assert_eq!(test.chosen(), [Stage::Wasm, Stage::Browser]);
    }
}
