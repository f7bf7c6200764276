//! Where things are.

use std::path::{Path, PathBuf};

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Cargo's target directory: the one this program was built into, which need not be the repository's.
pub(crate) fn target() -> anyhow::Result<PathBuf> {
    let program = std::env::current_exe()?;
    let directory = program.ancestors().nth(2).map(Path::to_owned);
    directory.ok_or_else(|| anyhow::anyhow!("{} is not in a target directory", program.display()))
}

/// A program of this workspace, as a plain `cargo build` leaves it.
pub(crate) fn debug_program(name: &str) -> anyhow::Result<PathBuf> {
    Ok(target()?.join("debug").join(name))
}

/// The files that the server hands to browsers; `server` embeds this directory under exactly this path.
pub(crate) fn site() -> PathBuf {
    root().join("target/site")
}
