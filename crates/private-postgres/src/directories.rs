//! Where a server keeps its data, its log and its socket.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{Error, account::Account};

/// How long a start waits for the server of a process that has just been killed to be gone.
const PREDECESSOR: Duration = Duration::from_secs(5);

/// The directories of one server. Those that are temporary go when this is dropped before [`Directories::hand_over`].
#[derive(Debug)]
pub(crate) struct Directories {
    server: PathBuf,
    temporary: Option<TempDir>,
    sockets: TempDir,
}

impl Directories {
    /// Makes what is missing; `kept` is where data stay between runs.
    pub(crate) fn prepare(kept: Option<&Path>) -> Result<Self, Error> {
        // A socket's path may be 107 bytes long at most, so it stands in a place of its own.
        let sockets = temporary_in(Path::new("/tmp"))?;
        let temporary = if kept.is_some() { None } else { Some(temporary_in(&std::env::temp_dir())?) };
        let server = kept.or(temporary.as_ref().map(TempDir::path)).unwrap_or(sockets.path()).to_owned();
        make(&server).map_err(Error::at(&server))?;
        let server = fs::canonicalize(&server).map_err(Error::at(server))?;
        Ok(Self { server, temporary, sockets })
    }

    /// The directory that holds the server's data, configuration and log.
    pub(crate) fn server(&self) -> &Path {
        &self.server
    }

    /// The directory of the socket.
    pub(crate) fn sockets(&self) -> &Path {
        self.sockets.path()
    }

    /// The directories to remove after the server's end.
    pub(crate) fn to_remove(&self) -> Vec<&Path> {
        self.temporary.iter().chain([&self.sockets]).map(TempDir::path).collect()
    }

    /// Opens the server's log, emptied, under a lock that every process holds which inherits it: the supervisor, the server and
    /// each of its backends. While one of them lives, nobody else can open it.
    pub(crate) fn lock_log(&self) -> Result<File, Error> {
        let path = log_in(&self.server);
        let log = OpenOptions::new().append(true).create(true).mode(0o600).open(&path).map_err(Error::at(&path))?;
        let patience = Instant::now() + PREDECESSOR;
        loop {
            match log.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(source)) => return Err(Error::Directory { path, source }),
                Err(TryLockError::WouldBlock) if Instant::now() < patience => thread::sleep(Duration::from_millis(20)),
                Err(TryLockError::WouldBlock) => return Err(Error::AlreadyRunning { directory: self.server.clone() }),
            }
        }
        log.set_len(0).map_err(Error::at(path))?;
        Ok(log)
    }

    /// Removes the data that are kept. Whoever calls this holds the lock on the log.
    pub(crate) fn remove_data(&self) -> Result<(), Error> {
        let data = data_in(&self.server);
        match fs::remove_dir_all(&data) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::at(data)(error)),
            _ => Ok(()),
        }
    }

    /// Writes the server's configuration file and lets `account` have everything it needs.
    pub(crate) fn furnish(&self, configuration: &str, account: Option<&Account>) -> Result<(), Error> {
        let file = self.server.join("server.conf");
        fs::write(&file, configuration).map_err(Error::at(&file))?;
        if let Some(account) = account {
            for path in [self.server(), self.sockets(), &file] {
                chown(path, Some(account.uid), Some(account.gid)).map_err(Error::at(path))?;
            }
        }
        Ok(())
    }

    /// From here on the supervisor removes what is temporary. Gives the server's directory and its socket's.
    pub(crate) fn hand_over(self) -> (PathBuf, PathBuf) {
        self.temporary.map(TempDir::keep);
        (self.server, self.sockets.keep())
    }
}

/// PostgreSQL's data directory of the server in `directory`.
pub(crate) fn data_in(directory: &Path) -> PathBuf {
    directory.join("data")
}

/// The log of the server in `directory`.
fn log_in(directory: &Path) -> PathBuf {
    directory.join("server.log")
}

/// Only the last directory is closed to others: the account of the server must come through the ones above. One that holds
/// something else is left alone: it would be given to that account.
fn make(directory: &Path) -> io::Result<()> {
    if let Some(parent) = directory.parent() {
        fs::create_dir_all(parent)?;
    }
    match DirBuilder::new().mode(0o700).create(directory) {
        Err(_) if directory.is_dir() => {
            let ours = log_in(directory).exists() || fs::read_dir(directory)?.next().is_none();
            if ours { Ok(()) } else { Err(io::ErrorKind::DirectoryNotEmpty.into()) }
        }
        result => result,
    }
}

fn temporary_in(parent: &Path) -> Result<TempDir, Error> {
    let ours_alone = fs::Permissions::from_mode(0o700);
    tempfile::Builder::new()
        .prefix("private-postgres-")
        .permissions(ours_alone)
        .tempdir_in(parent)
        .map_err(Error::at(parent))
}

/// The log of the server in `directory`, as far as it can be read.
pub(crate) fn read_log(directory: &Path) -> Result<String, Error> {
    let path = log_in(directory);
    let bytes = fs::read(&path).map_err(Error::at(path))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
