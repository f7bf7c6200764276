//! The WASM target built from Debian's package `rust-src`, for machines that reach a Debian mirror but no toolchain server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::wasm_target::{TRIPLE, is_library};
use crate::process::{command, output, run};
use crate::workspace;

/// The suites whose `rust-src` may be of the compiler's release: backports to the current stable one, then newer ones.
const SUITES: [&str; 3] = ["trixie-backports", "testing", "unstable"];

/// Builds the target's standard library into `libraries`, a directory of the toolchain in use.
///
/// # Errors
///
/// Where the machine has no Debian mirror, or no suite has the source of exactly this compiler's release.
pub(super) fn install(libraries: &Path) -> Result<()> {
    let version = compiler_version(&output(&mut command("rustc", ["--version"]))?)?;
    let scratch = workspace::target()?.join("wasm-target");
    let _absent = fs::remove_dir_all(&scratch);
    fs::create_dir_all(&scratch)?;
    let source = fetch(&scratch, &version)?;
    let placed = place_source(&source)?;
    let built = build(&scratch);
    if let Some(placed) = placed {
        fs::remove_dir_all(placed)?;
    }
    copy_libraries(&built?, libraries)?;
    fs::remove_dir_all(&scratch)?;
    Ok(())
}

/// `1.95.0` out of `rustc 1.95.0 (59807616e 2026-04-14)`.
fn compiler_version(printed: &str) -> Result<String> {
    let version = printed.split_whitespace().nth(1).context("rustc prints no version")?;
    if version.contains('-') {
        bail!("rustc {version} is no release, so Debian has no source of it");
    }
    Ok(version.to_owned())
}

/// The directory `library` of the compiler's source.
fn fetch(scratch: &Path, version: &str) -> Result<PathBuf> {
    let mirror = mirror(&output(&mut command("apt-get", ["indextargets", "--format", "$(REPO_URI)"]))?)?;
    for suite in SUITES {
        println!("  looking for rust-src {version} in {suite}");
        let apt = SeparateApt::new(&scratch.join("apt"), &mirror, suite)?;
        if run(&mut apt.command(&["--quiet", "--quiet", "update"])).is_err() {
            continue;
        }
        let package = format!("rust-src={version}*");
        if run(apt.command(&["--quiet", "--quiet", "download", &package]).current_dir(scratch)).is_ok() {
            return unpack(scratch, version);
        }
    }
    bail!("the Debian mirror of this machine has no rust-src {version}");
}

/// The main archive among the addresses of this machine's own apt configuration.
fn mirror(addresses: &str) -> Result<String> {
    let main = addresses.lines().find(|address| address.trim_end_matches('/').ends_with("/debian"));
    Ok(main.context("apt's configuration names no mirror of Debian's main archive")?.to_owned())
}

/// An apt whose sources, lists and cache are its own, so that the machine's are left as they are.
struct SeparateApt {
    options: Vec<String>,
}

impl SeparateApt {
    fn new(directory: &Path, mirror: &str, suite: &str) -> Result<Self> {
        let _absent = fs::remove_dir_all(directory);
        fs::create_dir_all(directory.join("lists/partial"))?;
        fs::create_dir_all(directory.join("cache/archives/partial"))?;
        let signed_by = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]";
        fs::write(directory.join("sources.list"), format!("deb {signed_by} {mirror} {suite} main\n"))?;
        let at = |name: &str| directory.join(name).display().to_string();
        let options = vec![
            format!("Dir::Etc::SourceList={}", at("sources.list")),
            "Dir::Etc::SourceParts=-".to_owned(),
            format!("Dir::State::Lists={}", at("lists")),
            format!("Dir::Cache={}", at("cache")),
            // The account that apt otherwise downloads as may be unable to enter our directory.
            "APT::Sandbox::User=".to_owned(),
        ];
        Ok(Self { options })
    }

    fn command(&self, words: &[&str]) -> Command {
        let options = self.options.iter().flat_map(|option| ["-o", option.as_str()]);
        command("apt-get", options.chain(words.iter().copied()))
    }
}

fn unpack(scratch: &Path, version: &str) -> Result<PathBuf> {
    let mut entries = fs::read_dir(scratch)?.flatten().map(|entry| entry.path());
    let package = entries.find(|path| path.extension().is_some_and(|extension| extension == "deb"));
    let unpacked = scratch.join("package");
    run(command("dpkg-deb", ["-x"]).arg(package.context("apt-get downloaded nothing")?).arg(&unpacked))?;
    let library = unpacked.join(format!("usr/src/rustc-{version}/library"));
    if !library.is_dir() {
        bail!("the package rust-src does not hold {}", library.display());
    }
    Ok(library)
}

/// Puts the source where `-Zbuild-std` looks for it. `Some` is the directory to remove again, `None` where the
/// toolchain has its source already.
fn place_source(library: &Path) -> Result<Option<PathBuf>> {
    let sysroot = output(&mut command("rustc", ["--print", "sysroot"]))?;
    let source = Path::new(sysroot.trim()).join("lib/rustlib/src");
    let place = source.join("rust/library");
    if place.join("Cargo.lock").is_file() {
        return Ok(None);
    }
    fs::create_dir_all(source.join("rust")).with_context(|| format!("cannot write to {}", source.display()))?;
    run(command("cp", ["-R"]).arg(library).arg(&place))?;
    Ok(Some(source))
}

/// The directory of the libraries built.
fn build(scratch: &Path) -> Result<PathBuf> {
    let package = scratch.join("build");
    fs::create_dir_all(package.join("src"))?;
    fs::write(
        package.join("Cargo.toml"),
        "[package]\nname = \"empty\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n",
    )?;
    fs::write(package.join("src/lib.rs"), "#![no_std]\n")?;
    let words = ["build", "--quiet", "--release", "--target", TRIPLE, "-Zbuild-std=std,panic_abort"];
    let mut build = command("cargo", words);
    // A release compiler accepts what is unstable only when told that it is building itself.
    build.current_dir(&package).env("RUSTC_BOOTSTRAP", "1").env("CARGO_TARGET_DIR", package.join("target"));
    run(&mut build)?;
    Ok(package.join("target").join(TRIPLE).join("release/deps"))
}

fn copy_libraries(built: &Path, libraries: &Path) -> Result<()> {
    fs::create_dir_all(libraries).with_context(|| format!("cannot write to {}", libraries.display()))?;
    for entry in fs::read_dir(built)? {
        let path = entry?.path();
        let Some(name) = path.file_name().filter(|_| is_library(&path)) else { continue };
        if !name.to_string_lossy().starts_with("libempty") {
            fs::copy(&path, libraries.join(name))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_released_compiler_has_a_source_in_debian() {
        assert_eq!(compiler_version("rustc 1.95.0 (59807616e 2026-04-14)\n").unwrap(), "1.95.0");
        assert!(compiler_version("rustc 1.97.0-nightly (0123456789 2026-05-01)\n").is_err());
        assert!(compiler_version("").is_err());
    }

    #[test]
    fn the_main_archive_is_taken_from_the_machines_own_configuration() {
        let addresses = "http://mirror.example/debian-security/\nhttp://mirror.example/debian/\n";
        assert_eq!(mirror(addresses).unwrap(), "http://mirror.example/debian/");
        assert!(mirror("http://mirror.example/other/\n").is_err());
    }
}
