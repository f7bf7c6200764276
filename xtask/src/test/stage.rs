//! The stages, in the order that they run: what is quick first, then what others build on.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;

use super::{cargo_test, outcome::Outcome, playwright, versions};
use crate::packages::{banner_on_host, host};
use crate::prerequisites::{
    BINARYEN, CARGO_DENY, CHROMIUM, END2END_PACKAGES, ESBUILD, JAVA, KEYCLOAK, PGBOUNCER, POSTGRESQL, POSTGRESQL_15,
    POSTGRESQL_18, Prerequisite, WASM_TARGET, tool,
};
use crate::process::{command, run_logged, run_within};
use crate::stages::Stages;
use crate::wasm::{self, Profile};
use crate::{architecture, check};

/// Fetching the advisory database takes seconds where it can be reached.
const ADVISORIES_LIMIT: Duration = Duration::from_mins(1);

/// One stage of `cargo xtask test`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Stage {
    /// The format of all Rust sources.
    Format,
    /// The arrows between crates, and the bans of docs/architecture.md.
    Architecture,
    /// Clippy, by package and target.
    Clippy,
    /// The WebAssembly bundles and style sheets.
    Wasm,
    /// The program and all tests.
    Build,
    /// Unit and integration tests.
    Tests,
    /// Tables, migrations and collectors on the oldest PostgreSQL in use.
    #[value(name = "postgresql-15")]
    Postgresql15,
    /// Tables, migrations and collectors on the newest PostgreSQL.
    #[value(name = "postgresql-18")]
    Postgresql18,
    /// The service while processes are killed, the database stops and the vendor fails.
    Failure,
    /// The administrator's address from a real Keycloak.
    Keycloak,
    /// The real program in a real browser.
    Browser,
    /// Broken links and examples in the documentation of the crates.
    Docs,
    /// Licences, bans, sources and advisories of the dependencies.
    Deny,
}

impl Stage {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Format => "format",
            Self::Architecture => "architecture",
            Self::Clippy => "clippy",
            Self::Wasm => "wasm",
            Self::Build => "build",
            Self::Tests => "tests",
            Self::Postgresql15 => "postgresql-15",
            Self::Postgresql18 => "postgresql-18",
            Self::Failure => "failure",
            Self::Keycloak => "keycloak",
            Self::Browser => "browser",
            Self::Docs => "docs",
            Self::Deny => "deny",
        }
    }

    /// Left out of `--fast`.
    pub(super) fn is_slow(self) -> bool {
        matches!(
            self,
            Self::Postgresql15
                | Self::Postgresql18
                | Self::Failure
                | Self::Keycloak
                | Self::Browser
                | Self::Docs
                | Self::Deny
        )
    }

    pub(super) fn is_the_build(self) -> bool {
        matches!(self, Self::Wasm | Self::Build)
    }

    pub(super) fn needs_the_build(self) -> bool {
        matches!(
            self,
            Self::Tests | Self::Postgresql15 | Self::Postgresql18 | Self::Failure | Self::Keycloak | Self::Browser
        )
    }

    pub(super) fn prerequisites(self) -> &'static [&'static Prerequisite] {
        match self {
            Self::Format | Self::Architecture | Self::Build | Self::Docs => &[],
            Self::Clippy => &[&WASM_TARGET],
            Self::Wasm => &[&WASM_TARGET, &BINARYEN, &ESBUILD],
            Self::Tests => &[&POSTGRESQL, &PGBOUNCER],
            Self::Failure => &[&POSTGRESQL],
            Self::Postgresql15 => &[&POSTGRESQL_15],
            Self::Postgresql18 => &[&POSTGRESQL_18],
            Self::Keycloak => &[&POSTGRESQL, &JAVA, &KEYCLOAK],
            Self::Browser => &[&POSTGRESQL, &CHROMIUM, &END2END_PACKAGES],
            Self::Deny => &[&CARGO_DENY],
        }
    }

    /// Runs it, with its output in `log`. Browsers get what `profile` makes.
    pub(super) fn run(self, log: &Path, profile: Profile) -> Result<Outcome> {
        match self {
            Self::Format => one(&mut check::format(), log),
            Self::Architecture => architecture(log),
            Self::Clippy => clippy(log),
            Self::Wasm => wasm::build(profile, &mut Stages::default()).map(|()| Outcome::PASSED),
            Self::Build => one(&mut host("--lib --bins --tests --test failure --test keycloak").cargo("build"), log),
            Self::Tests => tests(log),
            Self::Postgresql15 => versions::run(15, log),
            Self::Postgresql18 => versions::run(18, log),
            Self::Failure => failure(log),
            Self::Keycloak => keycloak(log),
            Self::Browser => playwright::run(log),
            Self::Docs => one(host("--no-deps").cargo("doc").env("RUSTDOCFLAGS", "--deny warnings"), log),
            Self::Deny => deny(log),
        }
    }
}

fn one(command: &mut Command, log: &Path) -> Result<Outcome> {
    Ok(Outcome::of(run_logged(command, log)?))
}

fn architecture(log: &Path) -> Result<Outcome> {
    let violations = architecture::violations()?;
    fs::write(log, violations.join("\n"))?;
    Ok(Outcome::of(violations.is_empty()))
}

fn clippy(log: &Path) -> Result<Outcome> {
    let mut sum = Outcome::default();
    for group in check::groups() {
        sum += one(&mut check::clippy(&group), log)?;
    }
    Ok(sum)
}

fn tests(log: &Path) -> Result<Outcome> {
    let succeeded = run_logged(&mut host("--no-fail-fast").cargo("test"), log)?
        & run_logged(&mut banner_on_host().cargo("test"), log)?;
    Ok(cargo_test::count(&String::from_utf8_lossy(&fs::read(log)?)).of_program(succeeded))
}

/// These tests wait for what is promised in real time, so more of them run at once than there are processors.
fn failure(log: &Path) -> Result<Outcome> {
    let succeeded = run_logged(host("--test failure").cargo("test").env("RUST_TEST_THREADS", "8"), log)?;
    Ok(cargo_test::count(&fs::read_to_string(log)?).of_program(succeeded))
}

fn keycloak(log: &Path) -> Result<Outcome> {
    let succeeded = run_logged(&mut host("--test keycloak").cargo("test"), log)?;
    Ok(cargo_test::count(&fs::read_to_string(log)?).of_program(succeeded))
}

fn deny(log: &Path) -> Result<Outcome> {
    let program = tool("cargo-deny")?;
    let deny = |words: &[&str]| command(&program, ["--log-level", "error"].iter().chain(words));
    let mut sum = one(&mut deny(&["check", "bans", "licenses", "sources"]), log)?;
    match run_within(&mut cargo_deny_fetch(&program), ADVISORIES_LIMIT) {
        Ok(()) => sum += one(&mut deny(&["check", "--disable-fetch", "advisories"]), log)?,
        Err(_) => println!("  advisories are NOT checked: their database cannot be fetched from here"),
    }
    Ok(sum)
}

fn cargo_deny_fetch(program: &Path) -> Command {
    let mut fetch = command(program, ["--log-level", "off", "fetch", "db"]);
    fetch.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    fetch
}
