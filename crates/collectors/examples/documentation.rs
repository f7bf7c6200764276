//! Writes what of the documentation follows from the collectors, `docs/metrics.md` and the columns in `docs/grants.sql`:
//! `cargo run -p collectors --example documentation`.

use std::{error::Error, fs, path::Path};

use collectors::{Registry, grants, metrics_page};

fn main() -> Result<(), Box<dyn Error>> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let registry = Registry::load()?;
    fs::write(docs.join("metrics.md"), metrics_page::render(&registry))?;
    let script = fs::read_to_string(docs.join("grants.sql"))?;
    let script = grants::render(&script, &registry).ok_or("docs/grants.sql has no list of columns")?;
    Ok(fs::write(docs.join("grants.sql"), script)?)
}
