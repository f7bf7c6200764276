//! Writes `docs/metrics.md`: `cargo run -p collectors --example metrics_page`.

use std::{error::Error, fs, path::Path};

use collectors::{Registry, metrics_page};

fn main() -> Result<(), Box<dyn Error>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/metrics.md");
    Ok(fs::write(path, metrics_page::render(&Registry::load()?))?)
}
