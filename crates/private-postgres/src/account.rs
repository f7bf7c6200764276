//! Who the server runs as: PostgreSQL refuses to run as root.

use std::{
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::Path,
    process::Command,
};

use crate::{Error, directories::data_in};

/// The account that the server runs as, where that is not our own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl Account {
    /// `None` where we are an ordinary user: the server then runs as ourselves. As root it is the owner of the data that are
    /// `kept` already, else `postgres`, else `nobody`.
    pub(crate) fn for_server(kept: Option<&Path>) -> Result<Option<Self>, Error> {
        if id(&["-u"]) != Some(0) {
            return Ok(None);
        }
        if let Some(owner) = kept.and_then(|kept| data_in(kept).metadata().ok()).filter(|metadata| metadata.uid() != 0)
        {
            return Ok(Some(Self { name: owner.uid().to_string(), uid: owner.uid(), gid: owner.gid() }));
        }
        ["postgres", "nobody"].into_iter().find_map(Self::named).map(Some).ok_or(Error::NoAccount)
    }

    fn named(name: &str) -> Option<Self> {
        Some(Self { name: name.to_owned(), uid: id(&["-u", name])?, gid: id(&["-g", name])? })
    }

    /// Makes `command` run as this account, in none but its own group.
    pub(crate) fn run(&self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }
}

/// What the program `id` answers: it knows the accounts of every directory service, and needs no unsafe code.
fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_name() {
        let root = Account::named("root").expect("every system has root");
        assert_eq!((root.uid, root.gid), (0, 0));
        assert_eq!(Account::named("no-such-account"), None);
    }

    #[test]
    fn the_server_never_runs_as_root() {
        let account = Account::for_server(None).unwrap();
        let server = account.map_or_else(|| id(&["-u"]).unwrap(), |account| account.uid);
        assert_ne!(server, 0);
    }
}
