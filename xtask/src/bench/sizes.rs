//! How large what is shipped is.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::figure::{Aim, Figure};
use super::server::build_release;
use crate::workspace;

/// The site's manifest, as far as it is of use here.
#[derive(Deserialize)]
struct Manifest {
    files: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    file: String,
}

pub(super) fn measure() -> Result<Vec<Figure>> {
    build_release()?;
    let site = workspace::site();
    let manifest: Manifest = serde_json::from_slice(&fs::read(site.join("manifest.json"))?)?;
    let compressed = |name: &str| -> Result<f64> {
        let file = &manifest.files.get(name).with_context(|| format!("the site has no {name}"))?.file;
        bytes(&site.join(format!("{file}.br")))
    };
    let dashboard = compressed("dashboard.wasm")? + compressed("dashboard.js")? + compressed("admin.css")?;
    let program = bytes(&workspace::target()?.join("release/ohe-telemetry"))?;
    Ok(vec![
        Figure { name: "dashboard, brotli", value: dashboard / 1e3, unit: "kB", aim: Aim::None },
        Figure { name: "program", value: program / 1e6, unit: "MB", aim: Aim::None },
    ])
}

fn bytes(path: &Path) -> Result<f64> {
    let length = fs::metadata(path).with_context(|| path.display().to_string())?.len();
    Ok(f64::from(u32::try_from(length)?))
}
