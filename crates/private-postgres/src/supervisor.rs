//! Our end of the pipe to the shell that watches over the server.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use crate::{account::Account, binaries::Binaries, directories::Directories};

const SCRIPT: &str = include_str!("supervisor.sh");

/// The shell that runs `supervisor.sh`. It stops the server and ends when this is dropped, or our process ends.
#[derive(Debug)]
pub(crate) struct Supervisor {
    shell: Child,
    /// `None` once the shell has been told to end.
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Supervisor {
    /// Starts the shell, in a process group of its own: what a terminal sends to ours does not reach it.
    pub(crate) fn spawn(
        binaries: &Binaries,
        account: Option<&Account>,
        directories: &Directories,
        durable: bool,
        log: File,
    ) -> io::Result<Self> {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "supervisor"]).arg(binaries.initdb()).arg(if durable { "" } else { "--no-sync" });
        command.arg(binaries.postgres()).arg(directories.server()).args(directories.to_remove());
        // Messages in English, as the log is searched for some; the account may not be able to read our directory.
        command.env("LC_ALL", "C").current_dir("/").process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        if let Some(account) = account {
            account.run(&mut command);
        }
        let mut shell = command.spawn()?;
        match (shell.stdin.take(), shell.stdout.take()) {
            (commands, Some(answers)) => Ok(Self { shell, commands, answers: BufReader::new(answers) }),
            (_, None) => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Sends one command and waits for its answer.
    pub(crate) fn ask(&mut self, command: &str) -> io::Result<String> {
        let commands = self.commands.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        writeln!(commands, "{command}")?;
        let mut answer = String::new();
        if self.answers.read_line(&mut answer)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(answer.trim_end().to_owned())
    }

    /// Ends the shell, and with it the server, and waits until both are gone and what was temporary is removed.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        self.commands = None;
        self.shell.wait().map(drop)
    }
}
