//! A release has the files for browsers in it (`src/http/assets.rs`), so a build without them stops here instead of making a
//! program whose pages are plain and whose banner is missing. Tests and benchmarks of a release do without.

use std::env;
use std::path::Path;

/// Made last by `cargo xtask wasm`; it names all the others.
const MANIFEST: &str = "../target/site/manifest.json";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[expect(clippy::disallowed_methods, reason = "this is what Cargo tells build scripts, not configuration")]
    let (profile, is_optional) =
        (env::var("PROFILE").unwrap_or_default(), env::var_os("CARGO_FEATURE_SITE_OPTIONAL").is_some());
    if needs_the_site(&profile, is_optional) {
        println!("cargo::rerun-if-changed={MANIFEST}");
        if !Path::new(MANIFEST).is_file() {
            println!(
                "cargo::error=the files for browsers, which a release has in it, are not built yet; run \
                 `cargo xtask wasm --release` first"
            );
        }
    }
}

/// A debug build reads the files at each request, from the folder as it is then.
pub(crate) fn needs_the_site(profile: &str, is_optional: bool) -> bool {
    profile == "release" && !is_optional
}
