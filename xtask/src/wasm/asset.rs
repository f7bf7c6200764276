//! One file of the site: its name by content, its compressed forms.

use std::fs;
use std::hash::{DefaultHasher, Hasher as _};
use std::io::Write as _;
use std::path::Path;

use anyhow::Result;
use flate2::{Compression, write::GzEncoder};
use serde::{Deserialize, Serialize};

use super::Profile;

/// What a file is named after its compressed forms.
pub(super) const ENCODINGS: [&str; 2] = ["br", "gz"];

/// A file that is built, not yet written.
pub(super) struct Asset {
    /// What the server asks for, for instance `dashboard.js`.
    pub(super) name: String,
    pub(super) content_type: &'static str,
    pub(super) content: Vec<u8>,
}

/// A file that is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// The name by content, for instance `dashboard-0123456789abcdef.js`.
    pub(super) file: String,
    pub(super) content_type: String,
}

impl Asset {
    /// Writes it into `directory`, and its compressed forms beside it.
    pub(super) fn write(&self, directory: &Path, profile: Profile) -> Result<Entry> {
        let file = self.hashed_name();
        fs::write(directory.join(&file), &self.content)?;
        fs::write(directory.join(format!("{file}.br")), brotli(&self.content, profile)?)?;
        fs::write(directory.join(format!("{file}.gz")), gzip(&self.content, profile)?)?;
        Ok(Entry { file, content_type: self.content_type.to_owned() })
    }

    /// The name by content.
    pub(super) fn hashed_name(&self) -> String {
        hashed_name(&self.name, &self.content)
    }
}

/// `admin.css` becomes `admin-0123456789abcdef.css`.
fn hashed_name(name: &str, content: &[u8]) -> String {
    let hash = hash(content);
    match name.rsplit_once('.') {
        Some((stem, extension)) => format!("{stem}-{hash}.{extension}"),
        None => format!("{name}-{hash}"),
    }
}

/// 64 bits tell the versions of one file apart; nothing here has to withstand an attack.
pub(super) fn hash(content: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(content);
    format!("{:016x}", hasher.finish())
}

fn brotli(content: &[u8], profile: Profile) -> Result<Vec<u8>> {
    let quality = match profile {
        Profile::Dev => 4,
        Profile::Release => 11,
    };
    let window = 22;
    let mut encoder = brotli::CompressorWriter::new(Vec::new(), 64 * 1024, quality, window);
    encoder.write_all(content)?;
    encoder.flush()?;
    Ok(encoder.into_inner())
}

fn gzip(content: &[u8], profile: Profile) -> Result<Vec<u8>> {
    let level = match profile {
        Profile::Dev => Compression::fast(),
        Profile::Release => Compression::best(),
    };
    let mut encoder = GzEncoder::new(Vec::new(), level);
    encoder.write_all(content)?;
    Ok(encoder.finish()?)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn a_name_changes_with_the_content_alone() {
        let name = hashed_name("admin.css", b"a{}");
        assert_eq!((&name[..6], &name[22..]), ("admin-", ".css"), "{name}");
        assert_eq!(name, hashed_name("admin.css", b"a{}"));
        assert_ne!(name, hashed_name("admin.css", b"b{}"));
    }

    #[test]
    fn both_profiles_compress_without_loss() {
        let content = b"the quick brown fox jumps over the lazy dog ".repeat(100);
        for profile in [Profile::Dev, Profile::Release] {
            let (mut from_brotli, mut from_gzip) = (Vec::new(), Vec::new());
            let brotli = brotli(&content, profile).unwrap();
            brotli::Decompressor::new(&brotli[..], 4096).read_to_end(&mut from_brotli).unwrap();
            let gzip = gzip(&content, profile).unwrap();
            flate2::read::GzDecoder::new(&gzip[..]).read_to_end(&mut from_gzip).unwrap();
            assert_eq!((&from_brotli, &from_gzip), (&content, &content), "{profile:?}");
            assert!(brotli.len() < content.len() && gzip.len() < content.len());
        }
    }
}
