//! The npm package `@ohe/license-banner`, in `frontend/banner/pkg`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::{banner, record::Record, script::replace_once};
use crate::workspace;

/// Where it is built.
pub(super) fn directory() -> PathBuf {
    banner::directory().join("pkg")
}

/// Puts together what stands in `frontend/banner/npm`, the loader, and the bundle of `record`.
pub(super) fn write(loader: &str, record: &Record) -> Result<()> {
    let package = directory();
    let _absent = fs::remove_dir_all(&package);
    fs::create_dir_all(&package)?;
    let sources = banner::directory().join("npm");
    for entry in fs::read_dir(&sources).with_context(|| sources.display().to_string())? {
        let entry = entry?;
        fs::copy(entry.path(), package.join(entry.file_name()))?;
    }
    fs::copy(workspace::root().join("LICENSE"), package.join("LICENSE"))?;
    let manifest = fs::read_to_string(package.join("package.json"))?;
    fs::write(package.join("package.json"), with_version(&manifest)?)?;
    fs::write(package.join("license-banner.js"), for_bundlers(loader)?)?;
    for name in ["banner.js", "banner.wasm"] {
        copy(record, name, &package)?;
    }
    Ok(())
}

fn copy(record: &Record, name: &str, package: &Path) -> Result<()> {
    let path = record.path(name).with_context(|| format!("the banner has no {name}"))?;
    fs::copy(path, package.join(name))?;
    Ok(())
}

/// The package has the version of the workspace.
fn with_version(manifest: &str) -> Result<String> {
    let version = format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"));
    replace_once(manifest, "\"version\": \"0.0.0\"", &version)
}

/// A bundler moves the loader, so its own address says nothing of where the service is: that is the page's own server.
fn for_bundlers(loader: &str) -> Result<String> {
    replace_once(loader, "new URL(\"../api/license-status\", import.meta.url).href", "\"/api/license-status\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sources_have_the_places_that_are_filled_in() {
        let manifest = fs::read_to_string(banner::directory().join("npm/package.json")).unwrap();
        let manifest: serde_json::Value = serde_json::from_str(&with_version(&manifest).unwrap()).unwrap();
        assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
        let loader = fs::read_to_string(banner::directory().join("loader/license-banner.js")).unwrap();
        let loader = for_bundlers(&loader).unwrap();
        assert!(loader.contains("const defaultSource = \"/api/license-status\";"));
    }
}
