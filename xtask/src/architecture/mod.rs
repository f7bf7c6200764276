//! The rules of docs/architecture.md that a program can check.

mod arrows;
mod sources;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::workspace;

/// What breaks a rule, a line for each; `None` if all is well.
///
/// # Errors
///
/// Where a file cannot be read or Cargo fails.
pub(crate) fn violations() -> Result<Vec<String>> {
    let mut violations = arrows::violations()?;
    for path in files(workspace::root())? {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let name = path.strip_prefix(workspace::root())?.to_string_lossy().into_owned();
        violations.extend(sources::violations(&name, &text));
    }
    Ok(violations)
}

/// Every file of the repository, without what tools have put there.
fn files(directory: &Path) -> Result<Vec<PathBuf>> {
    const NOT_OURS: [&str; 5] = [".git", "target", "node_modules", "pkg", "dist"];
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).with_context(|| directory.display().to_string())? {
        let entry = entry?;
        if NOT_OURS.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            found.extend(files(&entry.path())?);
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}
