//! The license banner beside an equal React component.

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::figure::{Aim, Figure};
use crate::prerequisites::{CHROMIUM, END2END_PACKAGES, chromium, ensure};
use crate::process::{command, output};
use crate::stages::Stages;
use crate::{wasm, workspace};

/// What `end2end/bench/banner.mjs` prints.
#[derive(Deserialize)]
struct Measured {
    loader_bytes: f64,
    total_bytes: f64,
    react_bytes: f64,
    size_ratio: f64,
    visible_ms: f64,
    react_visible_ms: f64,
}

pub(super) fn measure() -> Result<Vec<Figure>> {
    ensure(&[&CHROMIUM, &END2END_PACKAGES])?;
    wasm::npm_package(&mut Stages::default())?;
    let mut script = command("node", ["bench/banner.mjs"]);
    script
        .current_dir(workspace::root().join("end2end"))
        .env("CHROMIUM_PROGRAM", chromium::program().context("Chromium is missing")?)
        .env("TARGET_DIRECTORY", workspace::target()?);
    let Measured { loader_bytes, total_bytes, react_bytes, size_ratio, visible_ms, react_visible_ms } =
        serde_json::from_str(&output(&mut script)?).context("what the measurement printed")?;
    Ok(vec![
        Figure { name: "banner's loader, brotli", value: loader_bytes / 1e3, unit: "kB", aim: Aim::AtMost(1.5) },
        Figure { name: "banner in all, brotli", value: total_bytes / 1e3, unit: "kB", aim: Aim::AtMost(36.0) },
        Figure { name: "  as a React component", value: react_bytes / 1e3, unit: "kB", aim: Aim::None },
        Figure { name: "  against React", value: size_ratio, unit: "", aim: Aim::AtMost(0.6) },
        Figure { name: "navigation to banner", value: visible_ms / 1e3, unit: "s", aim: Aim::None },
        Figure { name: "  as a React component", value: react_visible_ms / 1e3, unit: "s", aim: Aim::None },
    ])
}
