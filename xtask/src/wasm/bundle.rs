//! One crate as a bundle: a JavaScript module and the WebAssembly that it loads.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

use super::{
    Profile,
    asset::Asset,
    record::{Record, stamp},
    script::minify,
};
use crate::prerequisites::wasm_opt;
use crate::process::{cargo, run};
use crate::workspace;

const TARGET: &str = "wasm32-unknown-unknown";

/// Builds `<package>.js` and `<package>.wasm`.
///
/// The module's default export must be given the address of the WebAssembly (`module_or_path`), since both are named by
/// their content.
pub(super) fn build(package: &str, profile: Profile) -> Result<Record> {
    let compiled = compile(package, profile)?;
    Record::reuse_or_build(package, profile, &stamp(&compiled)?, || bind(package, &compiled, profile))
}

/// Cargo's part; the path of what it made. Each bundle is built alone: together, the features of one would be those of the other too.
///
/// The quick one has Cargo's profile `dev`, so that macros and build scripts are those that the server is built with.
pub(super) fn compile(package: &str, profile: Profile) -> Result<PathBuf> {
    let mut cargo = cargo(&format!("build --package {package} --lib --target {TARGET}"));
    if profile == Profile::Release {
        cargo.args(["--profile", "wasm-release"]);
    }
    run(&mut cargo)?;
    let directory = match profile {
        Profile::Dev => "debug",
        Profile::Release => "wasm-release",
    };
    Ok(workspace::target()?.join(TARGET).join(directory).join(format!("{package}.wasm")))
}

/// wasm-bindgen's part, and wasm-opt's.
pub(super) fn bind(package: &str, compiled: &Path, profile: Profile) -> Result<Vec<Asset>> {
    let mut output = Bindgen::new()
        .input_path(compiled)
        .out_name(package)
        .web(true)?
        .typescript(false)
        .omit_default_module_path(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate_output()?;
    if !output.local_modules().is_empty() || output.snippets().values().any(|inline| !inline.is_empty()) {
        bail!("{package} brings JavaScript of its own, which the site has no place for");
    }
    let script = minify(output.js(), profile)?;
    let wasm = output.wasm_mut().emit_wasm();
    let wasm = match profile {
        Profile::Dev => wasm,
        Profile::Release => optimise(&wasm, compiled)?,
    };
    Ok(vec![
        Asset { name: format!("{package}.js"), content_type: "text/javascript; charset=utf-8", content: script },
        Asset { name: format!("{package}.wasm"), content_type: "application/wasm", content: wasm },
    ])
}

/// What rustc's WebAssembly uses, and every current browser has. Given all that it knows, wasm-opt writes what none has yet.
const FEATURES: [&str; 9] = [
    "--mvp-features",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-call-indirect-overlong",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

fn optimise(wasm: &[u8], compiled: &Path) -> Result<Vec<u8>> {
    let bound = compiled.with_extension("bound.wasm");
    let small = compiled.with_extension("small.wasm");
    fs::write(&bound, wasm)?;
    let mut command = Command::new(wasm_opt());
    run(command
        .args(FEATURES)
        .args(["-Oz", "--strip-debug", "--strip-producers", "--output"])
        .arg(&small)
        .arg(&bound))?;
    fs::read(&small).with_context(|| small.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tool_is_of_the_librarys_version() {
        let lock = fs::read_to_string(workspace::root().join("Cargo.lock")).unwrap();
        let version = |name: &str| {
            let mut lines = lock.lines().skip_while(|line| *line != format!("name = \"{name}\""));
            lines.nth(1).map(ToOwned::to_owned)
        };
        assert!(version("wasm-bindgen").is_some());
        assert_eq!(version("wasm-bindgen"), version("wasm-bindgen-cli-support"));
    }
}
