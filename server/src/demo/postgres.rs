//! The demo's PostgreSQL, which keeps its data between runs.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use private_postgres::{Error, Options, PrivatePostgres};

/// Starts it. Data that no installed version can read are thrown away when `reset` says so, those of all scenarios together.
pub(super) async fn start(data_dir: &Path, reset: bool) -> anyhow::Result<PrivatePostgres> {
    // Sample data can be made again; a durable commit costs a disk's patience at every one of them.
    let options = Options::kept_in(data_dir.join("postgres")).durable(false);
    match PrivatePostgres::start(options.clone()).await {
        Err(Error::OtherMajor { .. }) if reset => {
            remove_vendors(data_dir)?;
            Ok(PrivatePostgres::start(options.start_over(true)).await?)
        }
        Err(error @ Error::OtherMajor { .. }) => Err(error).context(
            "the demo's data are of another version of PostgreSQL; start it with --reset to throw them away, those of all \
             scenarios, or keep them elsewhere with --data-dir",
        ),
        started => Ok(started?),
    }
}

/// What the vendors know is of no use without the databases of their installs.
fn remove_vendors(data_dir: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(data_dir)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("vendor-") && name.ends_with(".json") {
            super::remove_if_there(&path)?;
        }
    }
    Ok(())
}
