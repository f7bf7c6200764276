//! Scripts: made small, and told the names of other files.

use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::Profile;
use crate::prerequisites::esbuild;

/// The module `script`, for a release without what only people read.
pub(super) fn minify(script: &str, profile: Profile) -> Result<Vec<u8>> {
    if profile == Profile::Dev {
        return Ok(script.as_bytes().to_vec());
    }
    let mut esbuild = Command::new(esbuild())
        .args(["--minify", "--loader=js", "--format=esm", "--target=es2022", "--charset=utf8", "--log-level=error"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("esbuild")?;
    // It reads everything before it writes anything.
    esbuild.stdin.take().context("esbuild's input")?.write_all(script.as_bytes())?;
    let output = esbuild.wait_with_output()?;
    if !output.status.success() {
        bail!("esbuild failed: {}", output.status);
    }
    Ok(output.stdout)
}

/// `text` with the only occurrence of `from` replaced.
///
/// # Errors
///
/// Where `from` stands nowhere, or more than once: then text and caller no longer know each other.
pub(super) fn replace_once(text: &str, from: &str, to: &str) -> Result<String> {
    match text.matches(from).count() {
        1 => Ok(text.replace(from, to)),
        count => bail!("`{from}` is expected once and found {count} times"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_replaced_must_be_there_and_be_the_only_one() {
        assert_eq!(replace_once("import(\"./a.js\")", "./a.js", "./a-1.js").unwrap(), "import(\"./a-1.js\")");
        assert!(replace_once("", "./a.js", "").is_err());
        assert!(replace_once("./a.js ./a.js", "./a.js", "").is_err());
    }
}
