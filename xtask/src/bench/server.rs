//! The release build of the server: its start, its memory.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::figure::{Aim, Figure};
use super::http::{free_address, wait_until_ready};
use crate::process::{cargo, command, output, run};
use crate::stages::Stages;
use crate::wasm::{self, Profile};
use crate::workspace;

const STARTS: usize = 9;
const START_LIMIT: Duration = Duration::from_secs(30);
/// What a start allocates for its own sake is given back by then, and the first jobs have looked for work.
const UNTIL_IDLE: Duration = Duration::from_secs(10);
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);

pub(super) fn measure() -> Result<Vec<Figure>> {
    build_release()?;
    let database = Database::start()?;
    run(database.server(&["migrate"])?.stdout(Stdio::null()))?;
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let started = Instant::now();
        let server = Server::start(&database)?;
        starts.push(started.elapsed());
        server.stop()?;
    }
    starts.sort_unstable();
    let server = Server::start(&database)?;
    thread::sleep(UNTIL_IDLE);
    let idle = server.memory()?;
    let loaded = server.memory_under_load()?;
    server.stop()?;
    database.stop()?;
    Ok(vec![
        Figure {
            name: "server, start to ready",
            value: starts[STARTS / 2].as_secs_f64(),
            unit: "s",
            aim: Aim::AtMost(1.0),
        },
        Figure { name: "server, memory idle", value: idle, unit: "MB", aim: Aim::AtMost(64.0) },
        Figure { name: "server, memory under load on the license status", value: loaded, unit: "MB", aim: Aim::None },
    ])
}

/// As a release is built: the files for browsers first, which become part of the program.
pub(super) fn build_release() -> Result<()> {
    wasm::build(Profile::Release, &mut Stages::default())?;
    run(&mut cargo("build --quiet --release --package ohe-telemetry --package private-postgres"))
}

fn program(name: &str) -> Result<std::path::PathBuf> {
    Ok(workspace::target()?.join("release").join(name))
}

/// A private PostgreSQL, which ends with this process.
struct Database {
    process: Child,
    url: String,
}

impl Database {
    fn start() -> Result<Self> {
        // It runs until its standard input closes.
        let mut command = Command::new(program("private-postgres")?);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut url = String::new();
        let stdout = process.stdout.take().context("a pipe without an end")?;
        BufReader::new(stdout).read_line(&mut url).context("PostgreSQL did not start")?;
        Ok(Self { process, url: url.trim().to_owned() })
    }

    fn server(&self, words: &[&str]) -> Result<Command> {
        let mut command = command(program("ohe-telemetry")?, words);
        command.env("DATABASE_URL", &self.url).stderr(Stdio::null());
        Ok(command)
    }

    fn stop(mut self) -> Result<()> {
        drop(self.process.stdin.take());
        self.process.wait()?;
        Ok(())
    }
}

/// A running `ohe-telemetry serve`.
struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    fn start(database: &Database) -> Result<Self> {
        let address = free_address()?;
        let process = database.server(&["serve"])?.env("TELEMETRY_BIND", address.to_string()).spawn()?;
        let mut server = Self { process, address };
        wait_until_ready(&mut server.process, address, START_LIMIT)?;
        Ok(server)
    }

    /// Resident memory in MB.
    fn memory(&self) -> Result<f64> {
        let printed = output(&mut command("ps", ["-o", "rss=", "-p", &self.process.id().to_string()]))?;
        let kibibytes: f64 = printed.trim().parse().context("ps printed no number")?;
        Ok(kibibytes * 1024.0 / 1e6)
    }

    /// The most memory that it had while the license status was asked as often as it can be.
    fn memory_under_load(&self) -> Result<f64> {
        let url = format!("http://{}/api/license-status", self.address);
        let mut load = command("wrk", ["--threads=1", "--connections=32", "--duration=10s", &url]);
        let mut load = load.stdout(Stdio::null()).spawn()?;
        let mut most = self.memory()?;
        let ended = loop {
            if let Some(status) = load.try_wait()? {
                break status;
            }
            thread::sleep(BETWEEN_LOOKS);
            most = most.max(self.memory()?);
        };
        ensure!(ended.success(), "wrk failed");
        Ok(most)
    }

    fn stop(mut self) -> Result<()> {
        run(&mut command("kill", ["-TERM", &self.process.id().to_string()]))?;
        self.process.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    /// Where a measurement failed, the server must not stay.
    fn drop(&mut self) {
        let _ended_already = self.process.kill();
        let _reaped_already = self.process.wait();
    }
}
