//! PostgreSQL's server programs: which of those on the machine a server runs on.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Error, account::Account, copies, directories::data_in, places};

/// The oldest major version that the product supports.
pub(crate) const OLDEST: u32 = 13;

/// One installed server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binaries {
    pub(crate) directory: PathBuf,
    pub(crate) major: u32,
    /// Version as printed, for instance `17.10`.
    version: String,
}

impl Binaries {
    /// The server in the directory `given`, else in the one that the variable names, else the first of [`places::all`]. Data
    /// that are `kept` already need one of the major version that made them.
    pub(crate) fn find(given: Option<&Path>, kept: Option<&Path>) -> Result<Self, Error> {
        let Some(directory) = given.map(Path::to_owned).or_else(places::from_variable) else {
            return Self::choose(places::all().filter_map(Self::at), kept);
        };
        let binaries = Self::at(directory.clone()).ok_or(Error::NoProgramsIn { directory })?;
        Self::choose([binaries].into_iter(), kept)
    }

    fn choose(installed: impl Iterator<Item = Self>, kept: Option<&Path>) -> Result<Self, Error> {
        let version = kept.and_then(|kept| fs::read_to_string(data_in(kept).join("PG_VERSION")).ok());
        let made_by = version.map(|text| text.trim().to_owned());
        let mut unfit = Vec::new();
        for binaries in installed {
            let of_the_data = made_by.as_ref().is_none_or(|version| binaries.major.to_string() == *version);
            if of_the_data && binaries.major >= OLDEST {
                return Ok(binaries);
            }
            unfit.push(binaries.major);
        }
        let newest = unfit.iter().copied().max().ok_or(Error::ProgramsNotFound)?;
        if newest < OLDEST {
            return Err(Error::TooOld { found: newest });
        }
        unfit.sort_unstable();
        unfit.dedup();
        Err(Error::OtherMajor {
            directory: kept.unwrap_or(Path::new("")).to_owned(),
            found: made_by.unwrap_or_default(),
            installed: unfit.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        })
    }

    /// Programs that `account` can run: these, or a copy of them where it cannot come through to these.
    pub(crate) fn for_account(self, account: Option<&Account>) -> Result<Self, Error> {
        self.readable_to(account, copies::copy_of)
    }

    fn readable_to(
        self,
        account: Option<&Account>,
        copy_of: impl FnOnce(&Path, &str) -> Result<PathBuf, Error>,
    ) -> Result<Self, Error> {
        let Some(account) = account.filter(|account| !self.runs_as(account)) else { return Ok(self) };
        let refused = |directory| Error::ProgramsUnreadable { directory, account: account.name.clone() };
        let Some(original) = places::relocatable(&self.directory) else { return Err(refused(self.directory)) };
        let copy = copy_of(original, &self.build().map_err(Error::at(self.postgres()))?)?;
        let copied = Self { directory: copy.join("bin"), ..self };
        if copied.runs_as(account) { Ok(copied) } else { Err(refused(copied.directory)) }
    }

    fn runs_as(&self, account: &Account) -> bool {
        let mut command = Command::new(self.postgres());
        account.run(command.arg("--version").current_dir("/"));
        command.output().is_ok_and(|output| output.status.success())
    }

    /// What tells these programs from others: the version, and the size should there be two builds of it.
    fn build(&self) -> std::io::Result<String> {
        Ok(format!("{}-{}", self.version, self.postgres().metadata()?.len()))
    }

    pub(crate) fn initdb(&self) -> PathBuf {
        self.directory.join("initdb")
    }

    pub(crate) fn postgres(&self) -> PathBuf {
        self.directory.join("postgres")
    }

    fn at(directory: PathBuf) -> Option<Self> {
        let output = Command::new(directory.join("postgres")).arg("--version").output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let (version, major) = (version(&text)?.to_owned(), major(&text)?);
        directory.join("initdb").is_file().then_some(Self { directory, major, version })
    }
}

/// The version in what `postgres --version` prints.
fn version(text: &str) -> Option<&str> {
    text.strip_prefix("postgres (PostgreSQL) ")?.split_whitespace().next()
}

/// The major version in what `postgres --version` prints.
fn major(text: &str) -> Option<u32> {
    version(text)?.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

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

    fn write_fakes(directory: &Path, version: &str) {
        let program = format!("#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n");
        for name in ["postgres", "initdb"] {
            fs::write(directory.join(name), &program).unwrap();
            fs::set_permissions(directory.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    fn fake(version: &str) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        write_fakes(directory.path(), version);
        directory
    }

    fn binaries(version: &str) -> Binaries {
        let text = format!("postgres (PostgreSQL) {version}");
        Binaries { directory: version.into(), major: major(&text).unwrap(), version: version.to_owned() }
    }

    fn made_by(version: &str) -> tempfile::TempDir {
        let kept = tempfile::tempdir().unwrap();
        fs::create_dir(data_in(kept.path())).unwrap();
        fs::write(data_in(kept.path()).join("PG_VERSION"), format!("{version}\n")).unwrap();
        kept
    }

    #[test]
    fn nothing_found_says_what_to_install() {
        let error = Binaries::choose(std::iter::empty(), None).unwrap_err().to_string();
        for way in ["apt-get install postgresql", "npm ci", "PRIVATE_POSTGRES_BIN"] {
            assert!(error.contains(way), "{error}");
        }
    }

    #[test]
    fn a_directory_without_the_programs_is_named_along_with_the_variable() {
        let empty = tempfile::tempdir().unwrap();
        let error = Binaries::find(Some(empty.path()), None).unwrap_err().to_string();
        assert!(error.starts_with(&empty.path().display().to_string()), "{error}");
        assert!(error.contains("PRIVATE_POSTGRES_BIN"), "{error}");
    }

    #[test]
    fn new_data_are_made_by_the_first_server_and_kept_data_need_the_one_that_made_them() {
        let installed = || ["12.1", "17.10", "15.18", "18.4"].map(binaries).into_iter();
        for (made, expected) in [(None, "17.10"), (Some("15"), "15.18"), (Some("17"), "17.10"), (Some("18"), "18.4")] {
            let kept = made.map(made_by);
            let found = Binaries::choose(installed(), kept.as_ref().map(tempfile::TempDir::path)).unwrap();
            assert_eq!(found, binaries(expected), "{made:?}");
        }
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
        let kept = made_by("14");
        let installed = ["17.10", "15.18", "17.2"].map(binaries).into_iter();
        let error = Binaries::choose(installed, Some(kept.path())).unwrap_err();
        let expected = "was made by PostgreSQL 14, which is not installed (installed: 15, 17)";
        assert!(error.to_string().starts_with(&format!("{} {expected}", kept.path().display())), "{error}");
    }

    /// Programs in a directory that only its owner can come through to, and whom the server runs as.
    fn out_of_reach() -> (tempfile::TempDir, Binaries, Option<Account>) {
        let closed = tempfile::tempdir_in("/tmp").unwrap();
        fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let bin = closed.path().join("native/bin");
        fs::create_dir_all(&bin).unwrap();
        write_fakes(&bin, "17.10");
        (closed, Binaries::at(bin).unwrap(), Account::for_server(None).unwrap())
    }

    #[test]
    fn an_npm_package_out_of_reach_of_the_server_s_account_is_copied() {
        let (closed, original, account) = out_of_reach();
        fs::write(closed.path().join("native/pg-symlinks.json"), "[]").unwrap();
        let open = tempfile::tempdir_in("/tmp").unwrap();
        fs::set_permissions(open.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let copy_of = |original: &Path, name: &str| {
            let owner = open.path().metadata().unwrap().uid();
            copies::copy_below(open.path(), owner, original, name)
        };
        let found = original.clone().readable_to(account.as_ref(), copy_of).unwrap();
        if account.is_none() {
            assert_eq!(found, original, "nothing is copied for ourselves");
            return;
        }
        assert!(found.directory.starts_with(open.path()), "{found:?}");
        assert_eq!(found.clone().readable_to(account.as_ref(), |_, _| unreachable!()).unwrap(), found);
    }

    #[test]
    fn other_programs_out_of_reach_are_refused_with_the_account() {
        let (_closed, original, account) = out_of_reach();
        let result = original.clone().for_account(account.as_ref());
        match account {
            None => assert_eq!(result.unwrap(), original),
            Some(account) => {
                let error = result.unwrap_err().to_string();
                assert!(error.contains(&account.name) && error.contains("/native/bin"), "{error}");
            }
        }
    }
}
