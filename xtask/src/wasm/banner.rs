//! The license banner: its bundle, and the loader that knows the bundle's files by their names by content.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::{
    Profile,
    asset::{Asset, hash},
    bundle, package,
    record::{Record, stamp},
    script::{minify, replace_once},
};
use crate::workspace;

/// Builds `license-banner.js`, which is the loader, `banner.js` and `banner.wasm`; and the npm package.
pub(super) fn build(profile: Profile) -> Result<Record> {
    let compiled = bundle::compile("banner", profile)?;
    let path = directory().join("loader/license-banner.js");
    let loader = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let inputs = format!("{} {}", stamp(&compiled)?, hash(loader.as_bytes()));
    let record = Record::reuse_or_build("banner", profile, &inputs, || {
        let mut assets = bundle::bind("banner", &compiled, profile)?;
        let mut script = loader.clone();
        for asset in &assets {
            let [from, to] = [&asset.name, &asset.hashed_name()].map(|name| format!("\"./{name}\""));
            script = replace_once(&script, &from, &to)?;
        }
        let content = minify(&script, profile)?;
        assets.push(Asset {
            name: "license-banner.js".to_owned(),
            content_type: "text/javascript; charset=utf-8",
            content,
        });
        Ok(assets)
    })?;
    package::write(&loader, &record)?;
    Ok(record)
}

/// Where the banner's sources are.
pub(super) fn directory() -> PathBuf {
    workspace::root().join("frontend/banner")
}
