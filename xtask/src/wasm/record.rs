//! What was built from which inputs, so that it is built again only when they change.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::{
    Profile,
    asset::{Asset, ENCODINGS, Entry, hash},
};
use crate::workspace;

/// One built part of the site: a bundle, or the style sheets.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Record {
    inputs: String,
    #[serde(skip)]
    pub(super) directory: PathBuf,
    assets: Vec<Written>,
}

/// An [`Entry`] with its name, which the manifest has as a key.
#[derive(Debug, Serialize, Deserialize)]
struct Written {
    name: String,
    #[serde(flatten)]
    entry: Entry,
}

impl Record {
    /// The part `name`, from the last time where it had the same `inputs`, else built by `make`. The program that builds
    /// is an input too.
    pub(super) fn reuse_or_build(
        name: &str,
        profile: Profile,
        inputs: &str,
        make: impl FnOnce() -> Result<Vec<Asset>>,
    ) -> Result<Self> {
        let directory = workspace::target()?.join("wasm").join(profile.name()).join(name);
        let inputs = hash(format!("{inputs} {}", stamp(&std::env::current_exe()?)?).as_bytes());
        if let Some(record) = Self::read(&directory).filter(|record| record.inputs == inputs) {
            return Ok(record);
        }
        let assets = make()?;
        let _absent = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory)?;
        let written = assets.iter().map(|asset| {
            let entry = asset.write(&directory, profile)?;
            Ok(Written { name: asset.name.clone(), entry })
        });
        let assets = written.collect::<Result<_>>()?;
        let record = Self { inputs, directory, assets };
        // Last, so that a build cut short is not taken for a finished one.
        fs::write(record.directory.join("record.json"), serde_json::to_vec(&record)?)?;
        Ok(record)
    }

    fn read(directory: &Path) -> Option<Self> {
        let text = fs::read(directory.join("record.json")).ok()?;
        let record: Self = serde_json::from_slice(&text).ok()?;
        Some(Self { directory: directory.to_owned(), ..record })
    }

    /// The files, by the name that the server asks for.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.assets.iter().map(|written| (written.name.as_str(), &written.entry))
    }

    /// Where the file lies that the server asks for by `name`.
    pub(super) fn path(&self, name: &str) -> Option<PathBuf> {
        let (_, entry) = self.entries().find(|(known, _)| *known == name)?;
        Some(self.directory.join(&entry.file))
    }

    /// The names of all files, the compressed forms included.
    pub(super) fn files(&self) -> impl Iterator<Item = String> {
        self.assets.iter().flat_map(|written| {
            let file = &written.entry.file;
            ENCODINGS.iter().map(move |encoding| format!("{file}.{encoding}")).chain([file.clone()])
        })
    }
}

/// What tells one version of a file that Cargo made from the next, without reading it.
pub(super) fn stamp(path: &Path) -> Result<String> {
    let metadata = fs::metadata(path).with_context(|| path.display().to_string())?;
    Ok(format!("{} {:?}", metadata.len(), metadata.modified()?))
}
