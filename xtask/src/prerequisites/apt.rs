//! Debian's packages.

use std::fs;

use anyhow::Result;

use crate::process::{command, output, run, succeeds};

/// How this process may install packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Privilege {
    Root,
    /// By `sudo`, which asks for no password.
    Sudo,
}

impl Privilege {
    /// `None` where a person has to do it.
    pub(super) fn of_this_process() -> Option<Self> {
        if output(&mut command("id", ["-u"])).is_ok_and(|id| id.trim() == "0") {
            return Some(Self::Root);
        }
        succeeds(&mut command("sudo", ["-n", "true"])).then_some(Self::Sudo)
    }

    fn words(self) -> &'static [&'static str] {
        match self {
            Self::Root => &["env"],
            Self::Sudo => &["sudo", "-n", "env"],
        }
    }
}

/// Whether this system's packages are Debian's.
pub(super) fn is_debian() -> bool {
    fs::read_to_string("/etc/os-release").is_ok_and(|text| names_debian(&text))
}

/// Whether the text of an os-release file says `ID=debian`. Derivatives name and split packages in their own ways.
fn names_debian(os_release: &str) -> bool {
    os_release.lines().any(|line| matches!(line.trim(), "ID=debian" | "ID=\"debian\""))
}

/// Installs `packages`, after refreshing the package lists where they do not know them all.
pub(super) fn install(privilege: Privilege, packages: &[&str]) -> Result<()> {
    if !are_known(packages) {
        run(&mut apt_get(privilege, &["--quiet", "--quiet", "update"]))?;
    }
    let words = ["--quiet", "--quiet", "--yes", "--no-install-recommends", "install"];
    let install = || run(&mut apt_get(privilege, &[&words, packages].concat()));
    // Lists may also be stale: then they name versions that the mirror no longer has.
    install().or_else(|_| {
        run(&mut apt_get(privilege, &["--quiet", "--quiet", "update"]))?;
        install()
    })
}

/// What a person with the right to do so should run.
pub(super) fn command_for_people(packages: &[&str]) -> String {
    let packages = packages.join(" ");
    format!("sudo sh -c 'apt-get update && apt-get install --yes --no-install-recommends {packages}'")
}

fn apt_get(privilege: Privilege, words: &[&str]) -> std::process::Command {
    let start = privilege.words();
    let environment = ["DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "Dpkg::Use-Pty=0"];
    command(start[0], [&start[1..], &environment, words].concat())
}

fn are_known(packages: &[&str]) -> bool {
    packages.iter().all(|package| {
        let shown = output(&mut command("apt-cache", ["policy", package]));
        shown.is_ok_and(|text| text.contains("Candidate:") && !text.contains("Candidate: (none)"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_is_told_from_its_derivatives() {
        for (os_release, expected) in [
            ("PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n", true),
            ("ID=\"debian\"", true),
            ("NAME=\"Ubuntu\"\nID=ubuntu\nID_LIKE=debian\n", false),
            ("", false),
        ] {
            assert_eq!(names_debian(os_release), expected, "{os_release}");
        }
    }

    #[test]
    fn one_command_installs_everything() {
        let command = command_for_people(&["postgresql", "chromium"]);
        assert!(command.starts_with("sudo ") && command.ends_with(" postgresql chromium'"), "{command}");
        assert_eq!(command.lines().count(), 1);
    }
}
