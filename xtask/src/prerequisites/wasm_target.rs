//! The standard library for `wasm32-unknown-unknown`, in the toolchain in use.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::{Prerequisite, Source, debian_source};
use crate::process::{command, find, output, run_within};

pub(super) const TRIPLE: &str = "wasm32-unknown-unknown";

/// A toolchain server that answers sends 20 MB; one that cannot be reached must not hold up the start for long.
const LIMIT: Duration = Duration::from_mins(3);

pub(crate) const WASM_TARGET: Prerequisite = Prerequisite {
    name: "the compiler's target wasm32-unknown-unknown",
    why: "the dashboard runs in the browser as WebAssembly",
    present: is_present,
    source: Source::Registry(install),
};

fn install() -> Result<()> {
    if find("rustup").is_some() {
        match run_within(&mut command("rustup", ["target", "add", TRIPLE]), LIMIT) {
            // The compiler in use need not be one of rustup's.
            Ok(()) if is_present() => return Ok(()),
            Ok(()) => {}
            Err(error) => println!("  {error}"),
        }
    }
    println!("  rustup cannot provide it, so it is built from Debian's source of the standard library");
    debian_source::install(&library_directory()?).context(
        "the target wasm32-unknown-unknown could not be installed; please run `rustup target add \
         wasm32-unknown-unknown` where the toolchain server can be reached, or install it with the package that \
         the compiler comes from",
    )
}

fn is_present() -> bool {
    library_directory().is_ok_and(|directory| has_standard_library(&directory))
}

/// Where the compiler in use looks for it.
fn library_directory() -> Result<PathBuf> {
    let printed = output(&mut command("rustc", ["--print", "target-libdir", "--target", TRIPLE]))?;
    Ok(PathBuf::from(printed.trim()))
}

fn has_standard_library(directory: &Path) -> bool {
    let paths = fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    paths
        .filter(|path| is_library(path))
        .any(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libstd-")))
}

/// Whether this is a compiled library, by its name.
pub(super) fn is_library(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rlib")
}
