//! What a developer waits for.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::figure::{Aim, Figure};
use super::http::{free_address, wait_until_ready};
use crate::process::{cargo, command, run};
use crate::workspace;

/// The first start of a demo compiles and makes its sample data.
const FIRST_START_LIMIT: Duration = Duration::from_mins(15);

pub(super) fn measure() -> Result<Vec<Figure>> {
    let data = workspace::target()?.join("bench-demo");
    demo(&data)?;
    let aim = Aim::AtMost(10.0);
    let warm = Figure { name: "cargo xtask demo, again, to ready", value: demo(&data)?.as_secs_f64(), unit: "s", aim };
    let mut figures = vec![warm];
    for (changed, name) in [
        (None, "cargo check, nothing changed"),
        (Some("server/src/lib.rs"), "cargo check, the server changed"),
        (Some("app/src/lib.rs"), "cargo check, the dashboard changed"),
        (Some("crates/domain/src/lib.rs"), "cargo check, the domain changed"),
    ] {
        figures.push(Figure { name, value: check(changed)?.as_secs_f64(), unit: "s", aim: Aim::None });
    }
    Ok(figures)
}

/// The time from the command to a server that is ready.
fn demo(data: &Path) -> Result<Duration> {
    let address = free_address()?;
    let started = Instant::now();
    let mut demo = cargo(&format!("xtask demo --port {} --data-dir", address.port()));
    // Cargo gives its process to xtask, which gives it to the demo: one process to wait for and to stop.
    let mut process = demo.arg(data).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let ready = wait_until_ready(&mut process, address, FIRST_START_LIMIT);
    let took = started.elapsed();
    run(&mut command("kill", ["-INT", &process.id().to_string()]))?;
    process.wait()?;
    ready.map(|()| took)
}

/// The time of a check of the server after a file was saved.
fn check(changed: Option<&str>) -> Result<Duration> {
    let check = || run(&mut cargo("check --quiet --package ohe-telemetry"));
    check()?;
    if let Some(file) = changed {
        run(&mut command("touch", [file]))?;
    }
    let started = Instant::now();
    check()?;
    Ok(started.elapsed())
}
