//! Copies of server programs for an account that cannot read the originals: root's checkout lies in root's home directory.

use std::{
    fs::{self, DirBuilder, OpenOptions, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
};

use crate::Error;

/// Where copies outlive a restart, and nothing cleans up single files that have long not been read.
const CACHES: [&str; 2] = ["/var/cache", "/Library/Caches"];

/// Only root needs copies: PostgreSQL runs as another account then.
const ROOT: u32 = 0;

/// A copy of the directory `original`, which every account can read. It is called `name`, made once, and kept.
pub(crate) fn copy_of(original: &Path, name: &str) -> Result<PathBuf, Error> {
    let caches = CACHES.iter().map(PathBuf::from).find(|cache| cache.is_dir());
    let temporary = std::env::temp_dir();
    if let Some(copy) = caches.and_then(|cache| copy_below(&cache, ROOT, original, name).ok()) {
        return Ok(copy);
    }
    copy_below(&temporary, ROOT, original, name)
}

/// As [`copy_of`], in `parent`, for `owner`, who we are.
pub(crate) fn copy_below(parent: &Path, owner: u32, original: &Path, name: &str) -> Result<PathBuf, Error> {
    let directory = parent.join("private-postgres");
    complete(&directory, owner, original, name).map_err(Error::at(directory))
}

/// Several processes may want the same copy at once. One makes it under a lock, and it gets its name only when it is complete:
/// what is left of a process that was killed is never taken for a copy.
fn complete(directory: &Path, owner: u32, original: &Path, name: &str) -> io::Result<PathBuf> {
    claim(directory, owner)?;
    let lock = OpenOptions::new().append(true).create(true).mode(0o600).open(directory.join("lock"))?;
    lock.lock()?;
    let (copy, partial) = (directory.join(name), directory.join("partial"));
    if !copy.is_dir() {
        match fs::remove_dir_all(&partial) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => copy_tree(original, &partial)?,
        }
        fs::rename(&partial, &copy)?;
    }
    Ok(copy)
}

/// Makes the directory. One that is there already must be ours: whoever else could write to it would choose the programs that
/// the server's account runs, and everybody can make one in a temporary directory.
fn claim(directory: &Path, owner: u32) -> io::Result<()> {
    match DirBuilder::new().mode(0o755).create(directory) {
        Ok(()) => open_to_all(directory, 0o755),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let found = directory.symlink_metadata()?;
            let ours = found.is_dir() && found.uid() == owner && found.mode() & 0o022 == 0;
            if ours { Ok(()) } else { Err(io::ErrorKind::PermissionDenied.into()) }
        }
        Err(error) => Err(error),
    }
}

fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    open_to_all(to, 0o755)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, original, copy) = (entry.file_type()?, entry.path(), to.join(entry.file_name()));
        if kind.is_dir() {
            copy_tree(&original, &copy)?;
        } else if kind.is_symlink() {
            symlink(fs::read_link(&original)?, &copy)?;
        } else {
            fs::copy(&original, &copy)?;
            let can_be_run = entry.metadata()?.mode() & 0o100 != 0;
            open_to_all(&copy, if can_be_run { 0o755 } else { 0o644 })?;
        }
    }
    Ok(())
}

/// Whatever the umask of our process took away.
fn open_to_all(path: &Path, mode: u32) -> io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(mode))
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    /// A directory that only its owner can enter, with a program, a link to it and a file.
    fn original() -> tempfile::TempDir {
        let original = tempfile::tempdir().unwrap();
        fs::create_dir(original.path().join("bin")).unwrap();
        for (name, mode) in [("bin/postgres", 0o700), ("text", 0o600)] {
            fs::write(original.path().join(name), name).unwrap();
            open_to_all(&original.path().join(name), mode).unwrap();
        }
        symlink("bin/postgres", original.path().join("link")).unwrap();
        original
    }

    fn copy(parent: &tempfile::TempDir, original: &tempfile::TempDir) -> Result<PathBuf, Error> {
        let owner = parent.path().metadata().unwrap().uid();
        copy_below(parent.path(), owner, original.path(), "17.1")
    }

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().mode() & 0o777
    }

    #[test]
    fn every_account_can_read_a_copy_of_what_only_its_owner_can() {
        let (parent, original) = (tempfile::tempdir().unwrap(), original());
        let copy = copy(&parent, &original).unwrap();
        assert_eq!(copy, parent.path().join("private-postgres/17.1"));
        for (name, expected) in [("", 0o755), ("bin", 0o755), ("bin/postgres", 0o755), ("text", 0o644)] {
            assert_eq!(mode(&copy.join(name)), expected, "{name}");
        }
        assert_eq!(fs::read_link(copy.join("link")).unwrap(), Path::new("bin/postgres"));
        assert_eq!(fs::read(copy.join("link")).unwrap(), b"bin/postgres");
    }

    #[test]
    fn what_a_killed_process_left_is_replaced_and_a_complete_copy_kept() {
        let (parent, original) = (tempfile::tempdir().unwrap(), original());
        let partial = parent.path().join("private-postgres/partial");
        let first = copy(&parent, &original).unwrap();
        fs::rename(&first, &partial).unwrap();
        fs::write(partial.join("half"), "").unwrap();
        let second = copy(&parent, &original).unwrap();
        assert!(!second.join("half").exists() && second.join("text").exists() && !partial.exists());
        fs::write(second.join("kept"), "").unwrap();
        assert!(copy(&parent, &original).unwrap().join("kept").exists());
    }

    #[test]
    fn many_at_once_get_the_same_complete_copy() {
        let (parent, original) = (tempfile::tempdir().unwrap(), original());
        thread::scope(|scope| {
            let copies: Vec<_> = (0..8).map(|_| scope.spawn(|| copy(&parent, &original).unwrap())).collect();
            for copy in copies {
                assert!(copy.join().unwrap().join("bin/postgres").is_file());
            }
        });
    }

    #[test]
    fn a_directory_that_others_can_write_to_is_not_trusted() {
        let original = original();
        for spoil in [
            (|path: &Path| fs::create_dir(path).and_then(|()| open_to_all(path, 0o777))) as fn(&Path) -> io::Result<()>,
            |path| symlink("/tmp", path),
            |path| fs::write(path, ""),
        ] {
            let parent = tempfile::tempdir().unwrap();
            spoil(&parent.path().join("private-postgres")).unwrap();
            let error = copy(&parent, &original).unwrap_err();
            assert!(matches!(&error, Error::Directory { path, .. } if path.ends_with("private-postgres")), "{error}");
        }
        let parent = tempfile::tempdir().unwrap();
        fs::create_dir(parent.path().join("private-postgres")).unwrap();
        let somebody_else = parent.path().metadata().unwrap().uid() + 1;
        copy_below(parent.path(), somebody_else, original.path(), "17.1").unwrap_err();
    }
}
