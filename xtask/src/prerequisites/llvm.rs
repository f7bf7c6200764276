//! LLVM's tools that read the compiler's coverage profiles, of the compiler's own LLVM version.

use std::path::{Path, PathBuf};

use super::{Prerequisite, Source};
use crate::process::{command, output};

/// The major version of LLVM that Rust 1.95 writes profiles of.
const MAJOR: u32 = 22;

pub(crate) const LLVM: Prerequisite = Prerequisite {
    name: "LLVM 22's tools",
    why: "they read the profiles that coverage comes from",
    present: || directory().is_some(),
    source: Source::Debian {
        packages: &["llvm-22"],
        elsewhere: "the tools that go with the compiler, by `rustup component add llvm-tools`",
    },
};

/// The directory of `llvm-cov` and `llvm-profdata`: rustup's component, else Debian's package.
pub(crate) fn directory() -> Option<PathBuf> {
    let debian = PathBuf::from(format!("/usr/lib/llvm-{MAJOR}/bin"));
    [rustup_component(), Some(debian)].into_iter().flatten().find(|directory| directory.join("llvm-cov").is_file())
}

fn rustup_component() -> Option<PathBuf> {
    let libraries = output(&mut command("rustc", ["--print", "target-libdir"])).ok()?;
    Some(Path::new(libraries.trim()).parent()?.join("bin"))
}
