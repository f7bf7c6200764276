//! The program as a command, for every suite that runs it as a process.

use std::collections::BTreeMap;

use tokio::process::Command;

/// The program with nothing but this environment, yet to be run. It is killed when its process is dropped.
pub(crate) fn command(environment: &BTreeMap<String, String>, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ohe-telemetry"));
    command.args(arguments).env_clear().envs(environment).kill_on_drop(true);
    // Where coverage is measured, the program writes its part of it to the first; the second chooses the demo's PostgreSQL.
    for name in ["LLVM_PROFILE_FILE", "PRIVATE_POSTGRES_BIN"] {
        #[expect(clippy::disallowed_methods, reason = "they are the test runner's, not the program's")]
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}
