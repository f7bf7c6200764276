//! The tests of what talks to PostgreSQL, on other versions of it than the default.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use super::{cargo_test, outcome::Outcome};
use crate::packages::host;
use crate::prerequisites::postgresql;
use crate::process::{output, run_logged};

/// Directories of the packages whose tests run: all SQL stands in the last two of them, migrations included.
const PACKAGES: [&str; 3] = ["crates/private-postgres", "crates/store", "crates/collectors"];

/// What Cargo says of one thing that it built, as far as it is of use here.
#[derive(Deserialize)]
struct Message {
    manifest_path: Option<PathBuf>,
    profile: Option<Profile>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

/// A compiled test program, and the directory that Cargo would run it in.
#[derive(Debug, PartialEq, Eq)]
struct Program {
    executable: PathBuf,
    directory: PathBuf,
}

/// Runs the test programs, one after the other, on the npm package of this major version.
pub(super) fn run(major: u32, log: &Path) -> Result<Outcome> {
    let Some(programs) = postgresql::programs(major) else {
        println!("  PostgreSQL {major} is NOT tested: npm has no package of it for this platform");
        return Ok(Outcome::default());
    };
    let mut succeeded = true;
    for test in test_programs()? {
        let mut command = Command::new(&test.executable);
        command.current_dir(&test.directory).env(postgresql::VARIABLE, &programs);
        succeeded &= run_logged(&mut command, log)?;
    }
    Ok(cargo_test::count(&String::from_utf8_lossy(&fs::read(log)?)).of_program(succeeded))
}

/// The programs that the stages before have compiled. They are asked for as all packages together: Cargo would compile again what
/// the features of few packages make different.
fn test_programs() -> Result<Vec<Program>> {
    let printed = output(&mut host("--lib --tests --no-run --message-format=json").cargo("test"))?;
    let programs = programs_in(&printed)?;
    match PACKAGES.iter().find(|package| !programs.iter().any(|program| program.directory.ends_with(package))) {
        Some(package) => bail!("Cargo names no test program of {package}"),
        None => Ok(programs),
    }
}

fn programs_in(printed: &str) -> Result<Vec<Program>> {
    let mut programs = Vec::new();
    for line in printed.lines() {
        let message: Message = serde_json::from_str(line).with_context(|| format!("Cargo's message {line}"))?;
        let Message {
            manifest_path: Some(manifest),
            profile: Some(Profile { test: true }),
            executable: Some(executable),
        } = message
        else {
            continue;
        };
        let Some(directory) = manifest.parent() else { continue };
        if PACKAGES.iter().any(|package| directory.ends_with(package)) {
            programs.push(Program { executable, directory: directory.to_owned() });
        }
    }
    Ok(programs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_test_programs_of_the_chosen_packages_are_taken() {
        let artifact = |package: &str, test: bool, executable: &str| {
            format!(
                r#"{{"reason": "compiler-artifact", "manifest_path": "/r/{package}/Cargo.toml", "profile": {{"test": {test}}}, "executable": {executable}}}"#
            )
        };
        let printed = [
            artifact("crates/store", true, r#""/t/store-1""#),
            artifact("crates/store", false, "null"),
            artifact("crates/private-postgres", false, r#""/t/private-postgres""#),
            artifact("crates/domain", true, r#""/t/domain-1""#),
            artifact("crates/collectors", true, r#""/t/snapshot-1""#),
            r#"{"reason": "build-finished", "success": true}"#.to_owned(),
        ];
        let expected = [("/t/store-1", "/r/crates/store"), ("/t/snapshot-1", "/r/crates/collectors")];
        let expected = expected
            .map(|(executable, directory)| Program { executable: executable.into(), directory: directory.into() });
        assert_eq!(programs_in(&printed.join("\n")).unwrap(), expected);
    }
}
