//! Running other programs.

use std::ffi::OsStr;
use std::fs::File;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use wait_timeout::ChildExt as _;

use crate::workspace;

/// `program` with `arguments`, to be run in the root of the repository, without a standard input to wait for.
pub(crate) fn command<S: AsRef<OsStr>>(program: impl AsRef<OsStr>, arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(workspace::root()).stdin(Stdio::null());
    command
}

/// Cargo with the words of `arguments`.
pub(crate) fn cargo(arguments: &str) -> Command {
    command("cargo", arguments.split_whitespace())
}

/// What the user would type.
pub(crate) fn text_of(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// Runs to the end, on our own standard output and error.
///
/// # Errors
///
/// Where the program cannot be started or says that it failed.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| cannot_start(command))?;
    check(command, status)
}

/// As [`run`], but killed when it takes longer than `limit`.
pub(crate) fn run_within(command: &mut Command, limit: Duration) -> Result<()> {
    let mut child = command.spawn().with_context(|| cannot_start(command))?;
    let Some(status) = child.wait_timeout(limit)? else {
        child.kill()?;
        child.wait()?;
        bail!("`{}` did not end within {} s", text_of(command), limit.as_secs());
    };
    check(command, status)
}

/// Runs to the end with standard output and error in the file `log`; whether it succeeded.
pub(crate) fn run_logged(command: &mut Command, log: &Path) -> Result<bool> {
    let file = File::options().create(true).append(true).open(log).with_context(|| log.display().to_string())?;
    command.stdout(file.try_clone()?).stderr(file);
    Ok(command.status().with_context(|| cannot_start(command))?.success())
}

/// What it prints on standard output. Its standard error is ours.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output().with_context(|| cannot_start(command))?;
    check(command, output.status)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether it runs and succeeds; nothing it prints is shown.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Where `PATH` has `program`.
pub(crate) fn find(program: &str) -> Option<String> {
    let mut search = command("sh", ["-c", "command -v -- \"$1\"", "sh", program]);
    let output = search.stderr(Stdio::null()).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

fn check(command: &Command, status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("`{}` failed ({status})", text_of(command));
    }
    Ok(())
}

fn cannot_start(command: &Command) -> String {
    format!("cannot start `{}`", text_of(command))
}
