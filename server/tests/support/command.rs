//! The program as a command, for every suite that runs it as a process.

use std::collections::BTreeMap;

use tokio::process::Command;

/// The program with nothing but this environment, yet to be run. It is killed when its process is dropped.
pub(crate) fn command(environment: &BTreeMap<String, String>, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ohe-telemetry"));
    command.args(arguments).env_clear().envs(environment).kill_on_drop(true);
    // Where coverage is measured, the program writes its part of it there.
    #[expect(clippy::disallowed_methods, reason = "it is the test runner's, not the program's")]
    if let Some(file) = std::env::var_os("LLVM_PROFILE_FILE") {
        command.env("LLVM_PROFILE_FILE", file);
    }
    command
}
