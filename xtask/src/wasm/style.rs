//! The style sheets of `app`, as one.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::{
    Profile,
    asset::{Asset, hash},
    record::Record,
};
use crate::workspace;

/// Builds `admin.css`.
pub(super) fn build(profile: Profile) -> Result<Record> {
    let directory = workspace::root().join("app/style");
    let mut sheets = Vec::new();
    for path in in_order(&directory)? {
        sheets.push(fs::read_to_string(&path).with_context(|| path.display().to_string())?);
    }
    let content = sheets.join("\n").into_bytes();
    Record::reuse_or_build("style", profile, &hash(&content), || {
        Ok(vec![Asset { name: "admin.css".to_owned(), content_type: "text/css; charset=utf-8", content }])
    })
}

/// The sheets of a directory: first its own, of them `tokens.css` and then `base.css` first, then those of its
/// subdirectories, each by name.
fn in_order(directory: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(directory).with_context(|| directory.display().to_string())?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort_by_key(|path| (path.is_dir(), rank(path), path.clone()));
    let mut sheets = Vec::new();
    for path in paths {
        if path.is_dir() {
            sheets.extend(in_order(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "css") {
            sheets.push(path);
        }
    }
    Ok(sheets)
}

fn rank(path: &Path) -> u8 {
    match path.file_name().and_then(|name| name.to_str()) {
        Some("tokens.css") => 0,
        Some("base.css") => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_come_first_and_subdirectories_last() {
        let directory = workspace::target().unwrap().join("tmp/style-order");
        let _absent = fs::remove_dir_all(&directory);
        fs::create_dir_all(directory.join("components")).unwrap();
        for name in ["layout.css", "base.css", "tokens.css", "components/card.css", "notes.txt"] {
            fs::write(directory.join(name), "").unwrap();
        }
        let sheets = in_order(&directory).unwrap();
        let names: Vec<_> =
            sheets.iter().map(|path| path.strip_prefix(&directory).unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["tokens.css", "base.css", "layout.css", "components/card.css"]);
    }
}
