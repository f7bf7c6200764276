//! The directory that the server hands out, and its manifest.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::Result;
use serde::Serialize;

use super::{Profile, asset::Entry, record::Record};
use crate::workspace;

/// `manifest.json`, from which the server learns what there is:
///
/// ```json
/// {
///   "profile": "dev",
///   "files": {
///     "dashboard.js": { "file": "dashboard-0123456789abcdef.js", "content_type": "text/javascript; charset=utf-8" }
///   }
/// }
/// ```
///
/// The names by which the server asks are `dashboard.js`, `dashboard.wasm`, `license-banner.js`, `banner.js`, `banner.wasm`
/// and `admin.css`. Beside each `file` lie its
/// brotli form `<file>.br` and its gzip form `<file>.gz`. A file never changes under its name, so it may be cached for ever.
#[derive(Debug, Serialize)]
struct Manifest<'a> {
    profile: &'static str,
    files: BTreeMap<&'a str, &'a Entry>,
}

/// Makes `target/site` hold exactly the files of `records`. A server that reads it meanwhile finds what the manifest names.
pub(super) fn assemble(profile: Profile, records: &[Record]) -> Result<()> {
    let site = workspace::site();
    fs::create_dir_all(&site)?;
    let mut wanted = BTreeSet::from(["manifest.json".to_owned()]);
    for record in records {
        for file in record.files() {
            copy_if_absent(&record.directory.join(&file), &site.join(&file))?;
            wanted.insert(file);
        }
    }
    let files = records.iter().flat_map(Record::entries).collect();
    let manifest = serde_json::to_vec_pretty(&Manifest { profile: profile.name(), files })?;
    write_if_changed(&site.join("manifest.json"), &manifest)?;
    for entry in fs::read_dir(&site)?.flatten() {
        if !wanted.contains(entry.file_name().to_string_lossy().as_ref()) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// A name stands for a content, but its compressed forms differ by profile.
fn copy_if_absent(from: &Path, to: &Path) -> Result<()> {
    let same = fs::metadata(to).is_ok_and(|there| fs::metadata(from).is_ok_and(|new| new.len() == there.len()));
    if !same {
        fs::copy(from, to)?;
    }
    Ok(())
}

/// The server is compiled again when the manifest's time changes.
fn write_if_changed(path: &Path, content: &[u8]) -> Result<()> {
    if fs::read(path).ok().as_deref() != Some(content) {
        fs::write(path, content)?;
    }
    Ok(())
}
