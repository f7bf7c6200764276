//! A Keycloak to test against.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::{Prerequisite, Source};
use crate::process::{command, run};
use crate::workspace;

/// Also named in server/tests/keycloak/server.rs.
const VERSION: &str = "26.7.3";

pub(crate) const KEYCLOAK: Prerequisite = Prerequisite {
    name: "Keycloak",
    why: "the tests of the administrator's address ask a real one (170 MB, into the target directory)",
    present: || directory().is_ok_and(|directory| directory.join(PREPARED).is_file()),
    source: Source::Registry(install),
};

/// Written when all is done, so that an installation that was cut short is made again.
const PREPARED: &str = ".prepared";

fn directory() -> Result<PathBuf> {
    Ok(workspace::target()?.join("keycloak").join(format!("keycloak-{VERSION}")))
}

/// Fetches it as the Maven artifact that it is, and builds its configuration once, which a start need not do then. The
/// database is in memory, so that several servers may run out of one directory.
fn install() -> Result<()> {
    let directory = directory()?;
    let place = directory.parent().context("the target directory")?;
    if directory.exists() {
        fs::remove_dir_all(&directory)?;
    }
    fs::create_dir_all(place)?;
    let artifact = format!("-Dartifact=org.keycloak:keycloak-quarkus-dist:{VERSION}:tar.gz");
    let output = format!("-DoutputDirectory={}", place.display());
    let copy = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy";
    run(&mut command("mvn", ["--quiet", "--batch-mode", copy, &artifact, &output]))?;
    let archive = place.join(format!("keycloak-quarkus-dist-{VERSION}.tar.gz"));
    run(command("tar", ["--extract", "--gzip", "--no-same-owner", "--file"])
        .arg(&archive)
        .arg("--directory")
        .arg(place))?;
    fs::remove_file(&archive)?;
    run(&mut command(directory.join("bin/kc.sh"), ["build", "--db=dev-mem"]))?;
    fs::write(directory.join(PREPARED), VERSION)?;
    Ok(())
}
