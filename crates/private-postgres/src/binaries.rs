//! Where PostgreSQL's server programs are.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Error, directories::data_in};

/// The oldest major version that the product supports.
pub(crate) const OLDEST: u32 = 13;

/// Where packages put the programs when not on `PATH`: a directory with one entry per version, and the way on from there.
const PLACES: [(&str, &str, &str); 10] = [
    ("/usr/lib/postgresql", "", "bin"),                          // Debian, Ubuntu
    ("/usr", "pgsql-", "bin"),                                   // PostgreSQL's own packages for Fedora and its kin
    ("/usr/lib", "postgresql", "bin"),                           // openSUSE
    ("/usr/lib64", "postgresql-", "bin"),                        // Gentoo
    ("/usr/libexec", "postgresql", ""),                          // Alpine
    ("/opt/homebrew/opt", "postgresql@", "bin"),                 // Homebrew on Apple silicon
    ("/usr/local/opt", "postgresql@", "bin"),                    // Homebrew on Intel
    ("/home/linuxbrew/.linuxbrew/opt", "postgresql@", "bin"),    // Homebrew on Linux
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"), // Postgres.app
    ("/usr/local", "pgsql", "bin"),                              // built from source
];

/// One installed server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binaries {
    pub(crate) directory: PathBuf,
    pub(crate) major: u32,
}

impl Binaries {
    /// The installed server that made the data that are `kept` already; where there are none, the one on `PATH`, else the
    /// newest.
    pub(crate) fn find(given: Option<&Path>, kept: Option<&Path>) -> Result<Self, Error> {
        let installed = installed(given);
        let newest = installed.iter().map(|binaries| binaries.major).max().ok_or(Error::ProgramsNotFound)?;
        if newest < OLDEST {
            return Err(Error::TooOld { found: newest });
        }
        let version = kept.and_then(|kept| fs::read_to_string(data_in(kept).join("PG_VERSION")).ok());
        let made_by = version.map(|text| text.trim().to_owned());
        let fits = |binaries: &&Self| match &made_by {
            Some(version) => binaries.major.to_string() == *version,
            None => binaries.major >= OLDEST,
        };
        installed.iter().find(fits).cloned().ok_or_else(|| Error::OtherMajor {
            directory: kept.unwrap_or(Path::new("")).to_owned(),
            found: made_by.unwrap_or_default(),
            installed: installed.iter().map(|binaries| binaries.major.to_string()).collect::<Vec<_>>().join(", "),
        })
    }

    pub(crate) fn initdb(&self) -> PathBuf {
        self.directory.join("initdb")
    }

    pub(crate) fn postgres(&self) -> PathBuf {
        self.directory.join("postgres")
    }

    fn at(directory: PathBuf) -> Option<Self> {
        let output = Command::new(directory.join("postgres")).arg("--version").output().ok()?;
        let major = major(&String::from_utf8(output.stdout).ok()?)?;
        directory.join("initdb").is_file().then_some(Self { directory, major })
    }
}

/// Every installed server: the one on `PATH` first, then the newest of the usual places.
fn installed(given: Option<&Path>) -> Vec<Binaries> {
    if let Some(directory) = given {
        return Binaries::at(directory.to_owned()).into_iter().collect();
    }
    let mut usual: Vec<Binaries> = PLACES.iter().flat_map(in_place).filter_map(Binaries::at).collect();
    usual.sort_by_key(|binaries| std::cmp::Reverse(binaries.major));
    on_path().into_iter().filter_map(Binaries::at).chain(usual).collect()
}

fn in_place((parent, prefix, rest): &(&str, &str, &str)) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| entry.path().join(rest))
        .filter(|directory| directory.join("postgres").is_file())
        .collect()
}

/// The directories of `initdb` and of `pg_config`'s server. The shell searches `PATH`, as configuration is read elsewhere.
fn on_path() -> Vec<PathBuf> {
    const SEARCH: &str = "dirname \"$(command -v initdb)\"; pg_config --bindir";
    let output = Command::new("sh").args(["-c", SEARCH]).output();
    let text = output.ok().and_then(|output| String::from_utf8(output.stdout).ok()).unwrap_or_default();
    text.lines().map(PathBuf::from).filter(|directory| directory.is_absolute()).collect()
}

/// The major version in what `postgres --version` prints.
fn major(text: &str) -> Option<u32> {
    let version = text.strip_prefix("postgres (PostgreSQL) ")?;
    version.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_major_version_is_read_from_every_style_of_version() {
        for (text, expected) in [
            ("postgres (PostgreSQL) 15.8 (Debian 15.8-0+deb12u1)\n", Some(15)),
            ("postgres (PostgreSQL) 9.6.24\n", Some(9)),
            ("postgres (PostgreSQL) 17beta1\n", Some(17)),
            ("postgres (PostgreSQL) 18devel\n", Some(18)),
            ("postgres (EnterpriseDB) 15\n", None),
            ("", None),
        ] {
            assert_eq!(major(text), expected, "{text}");
        }
    }

    fn fake(version: &str) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        let program = format!("#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n");
        for name in ["postgres", "initdb"] {
            fs::write(directory.path().join(name), &program).unwrap();
            fs::set_permissions(directory.path().join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        directory
    }

    fn made_by(version: &str) -> tempfile::TempDir {
        let kept = tempfile::tempdir().unwrap();
        fs::create_dir(data_in(kept.path())).unwrap();
        fs::write(data_in(kept.path()).join("PG_VERSION"), format!("{version}\n")).unwrap();
        kept
    }

    #[test]
    fn nothing_found_says_what_to_install() {
        let empty = tempfile::tempdir().unwrap();
        let error = Binaries::find(Some(empty.path()), None).unwrap_err();
        assert!(error.to_string().contains("apt-get install postgresql"), "{error}");
    }

    #[test]
    fn a_server_that_is_too_old_is_refused_by_its_version() {
        let old = fake("12.22");
        let error = Binaries::find(Some(old.path()), None).unwrap_err();
        assert!(matches!(error, Error::TooOld { found: 12 }), "{error}");
        assert!(error.to_string().contains("13 or newer"), "{error}");
    }

    #[test]
    fn data_of_another_major_version_are_refused_with_both_versions() {
        let (binaries, kept) = (fake("16.1"), made_by("14"));
        let error = Binaries::find(Some(binaries.path()), Some(kept.path())).unwrap_err();
        let expected = "was made by PostgreSQL 14, which is not installed (installed: 16)";
        assert!(error.to_string().starts_with(&format!("{} {expected}", kept.path().display())), "{error}");
    }

    #[test]
    fn the_installed_server_that_made_the_data_is_chosen() {
        let (binaries, kept) = (fake("16.1"), made_by("16"));
        let found = Binaries::find(Some(binaries.path()), Some(kept.path())).unwrap();
        assert_eq!(found, Binaries { directory: binaries.path().to_owned(), major: 16 });
    }

    #[test]
    fn versions_in_a_place_are_told_apart_by_its_prefix() {
        let place = tempfile::tempdir().unwrap();
        for name in ["pgsql-15", "pgsql-16", "other"] {
            fs::create_dir_all(place.path().join(name).join("bin")).unwrap();
            fs::write(place.path().join(name).join("bin/postgres"), "").unwrap();
        }
        let mut found = in_place(&(place.path().to_str().unwrap(), "pgsql-", "bin"));
        found.sort();
        assert_eq!(found, [place.path().join("pgsql-15/bin"), place.path().join("pgsql-16/bin")]);
    }
}
