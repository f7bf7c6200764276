//! npm packages, as a lock file names them.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::process::{command, find, run};

/// Where [`install`] leaves the lock file that it installed.
const INSTALLED: &str = "node_modules/.installed-package-lock.json";

/// Whether what `package-lock.json` of `project` names is installed.
pub(super) fn is_installed(project: &Path) -> bool {
    let wanted = fs::read(project.join("package-lock.json"));
    let installed = fs::read(project.join(INSTALLED));
    matches!((wanted, installed), (Ok(wanted), Ok(installed)) if wanted == installed)
}

/// Installs what `package-lock.json` of `project` names.
pub(super) fn install(project: &Path) -> Result<()> {
    if find("npm").is_none() {
        bail!("npm is missing: please install Node.js 20 or newer");
    }
    let words = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
    // The browser comes from the system; packages that bring their own must not try.
    run(command("npm", words).current_dir(project).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"))?;
    let lock = project.join("package-lock.json");
    // npm makes no directory where no package fits this platform.
    fs::create_dir_all(project.join("node_modules")).with_context(|| project.display().to_string())?;
    fs::copy(&lock, project.join(INSTALLED)).with_context(|| lock.display().to_string())?;
    Ok(())
}
