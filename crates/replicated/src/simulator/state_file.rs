//! The portal on disk, so that a demo keeps its vendor between runs.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use super::portal::Portal;

/// The state file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StateFileError {
    /// It could not be read or written.
    #[error("the simulator's state file {path} could not be {done}")]
    Io {
        /// The file.
        path: PathBuf,
        /// "read" or "written".
        done: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It does not hold a portal.
    #[error("the simulator's state file {path} holds something else; remove it to start afresh")]
    Content {
        /// The file.
        path: PathBuf,
        /// Where it stops making sense.
        #[source]
        source: serde_json::Error,
    },
}

#[derive(Debug, Clone)]
pub(super) struct StateFile {
    path: PathBuf,
    /// One writer at a time, so that an older state never replaces a newer one.
    writing: Arc<tokio::sync::Mutex<()>>,
}

impl StateFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, writing: Arc::default() }
    }

    /// The portal in the file; an empty one where there is no file yet.
    pub(super) fn load(&self) -> Result<Portal, StateFileError> {
        match fs::read(&self.path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|source| StateFileError::Content { path: self.path.clone(), source }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Portal::default()),
            Err(source) => Err(StateFileError::Io { path: self.path.clone(), done: "read", source }),
        }
    }

    /// Writes what `current` gives, whole or not at all.
    pub(super) async fn save(&self, current: impl FnOnce() -> Portal) -> Result<(), StateFileError> {
        let _writing = self.writing.lock().await;
        let (path, portal) = (self.path.clone(), current());
        let written = tokio::task::spawn_blocking(move || write(&path, &portal)).await.map_err(io::Error::other);
        written.and_then(|outcome| outcome).map_err(|source| StateFileError::Io {
            path: self.path.clone(),
            done: "written",
            source,
        })
    }
}

fn write(path: &Path, portal: &Portal) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    // It holds e-mail addresses and tokens.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&new)?;
    file.write_all(&serde_json::to_vec(portal)?)?;
    file.sync_data()?;
    fs::rename(&new, path)
}
