//! What the commands need that may be missing on a machine: one file for each, found or installed.

mod apt;
mod binaryen;
mod cargo_deny;
mod cargo_llvm_cov;
mod cargo_tool;
pub(crate) mod chromium;
mod debian_source;
mod end2end_packages;
mod esbuild;
mod java;
mod keycloak;
pub(crate) mod llvm;
mod npm;
mod pgbouncer;
pub(crate) mod postgresql;
mod wasm_target;
mod wrk;

use std::collections::BTreeMap;

use anyhow::{Result, bail};

use self::apt::Privilege;
use crate::stages::table;

pub(crate) use self::{
    binaryen::{BINARYEN, wasm_opt},
    cargo_deny::CARGO_DENY,
    cargo_llvm_cov::CARGO_LLVM_COV,
    cargo_tool::tool,
    chromium::CHROMIUM,
    end2end_packages::END2END_PACKAGES,
    esbuild::{ESBUILD, esbuild},
    java::JAVA,
    keycloak::KEYCLOAK,
    llvm::LLVM,
    pgbouncer::PGBOUNCER,
    postgresql::{POSTGRESQL, POSTGRESQL_15, POSTGRESQL_18},
    wasm_target::WASM_TARGET,
    wrk::WRK,
};

/// Everything that any command needs.
pub(crate) const ALL: [&Prerequisite; 15] = [
    &POSTGRESQL,
    &POSTGRESQL_15,
    &POSTGRESQL_18,
    &PGBOUNCER,
    &CHROMIUM,
    &JAVA,
    &WRK,
    &LLVM,
    &WASM_TARGET,
    &BINARYEN,
    &ESBUILD,
    &END2END_PACKAGES,
    &KEYCLOAK,
    &CARGO_DENY,
    &CARGO_LLVM_COV,
];

/// Something that a command needs.
pub(crate) struct Prerequisite {
    /// As a person would call it.
    pub(crate) name: &'static str,
    /// What it is needed for.
    pub(crate) why: &'static str,
    present: fn() -> bool,
    source: Source,
}

/// Where it comes from when missing.
enum Source {
    /// Packages of Debian, with what to tell people on other systems.
    Debian { packages: &'static [&'static str], elsewhere: &'static str },
    /// A package registry, by a procedure that needs no privilege.
    Registry(fn() -> Result<()>),
}

impl Prerequisite {
    /// Whether this machine has it.
    pub(crate) fn is_present(&self) -> bool {
        (self.present)()
    }
}

/// Installs what is missing of `needed`, and says what and why.
///
/// # Errors
///
/// Where something is missing that cannot be installed: then the message says what to do.
pub(crate) fn ensure(needed: &[&Prerequisite]) -> Result<()> {
    let by_name: BTreeMap<_, _> = needed.iter().map(|prerequisite| (prerequisite.name, *prerequisite)).collect();
    let missing: Vec<_> = by_name.into_values().filter(|prerequisite| !prerequisite.is_present()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    println!("▸ missing on this machine");
    for prerequisite in &missing {
        println!("  {}: {}", prerequisite.name, prerequisite.why);
    }
    // Packages first, all at once: where they need the user's hand, nothing else should have run in vain.
    install_packages(&missing)?;
    for prerequisite in missing {
        if let Source::Registry(install) = prerequisite.source {
            println!("▸ installing {}", prerequisite.name);
            install()?;
        }
        if !prerequisite.is_present() {
            bail!("{} was installed and still cannot be found", prerequisite.name);
        }
    }
    Ok(())
}

fn install_packages(missing: &[&Prerequisite]) -> Result<()> {
    let (mut packages, mut elsewhere) = (Vec::new(), Vec::new());
    for prerequisite in missing {
        if let Source::Debian { packages: these, elsewhere: words } = prerequisite.source {
            packages.extend(these);
            elsewhere.push(format!("  {}: {words}", prerequisite.name));
        }
    }
    if packages.is_empty() {
        return Ok(());
    }
    if !apt::is_debian() {
        bail!("this is not Debian, so please install first:\n{}", elsewhere.join("\n"));
    }
    match Privilege::of_this_process() {
        Some(privilege) => apt::install(privilege, &packages),
        None => bail!("this needs root once; please run:\n\n  {}\n", apt::command_for_people(&packages)),
    }
}

/// Prints each prerequisite and whether this machine has it.
pub(crate) fn list() {
    let rows = ALL.iter().map(|prerequisite| {
        let state = if prerequisite.is_present() { "present" } else { "missing" };
        vec![prerequisite.name.to_owned(), state.to_owned(), prerequisite.why.to_owned()]
    });
    println!("{}", table(&["name", "state", "needed because"], &rows.collect::<Vec<_>>()));
}
