//! When a build asks for the files for browsers.

#[expect(dead_code, clippy::print_stdout, reason = "the entry of the script is for Cargo, and prints to it")]
#[path = "../../build.rs"]
mod script;

#[test]
fn only_a_release_that_is_no_test_needs_the_files_for_browsers() {
    for (profile, is_optional, expected) in
        [("release", false, true), ("release", true, false), ("debug", false, false), ("debug", true, false)]
    {
        assert_eq!(script::needs_the_site(profile, is_optional), expected, "{profile}, {is_optional}");
    }
    const { assert!(cfg!(feature = "site-optional"), "so that `cargo test --release` needs no site") }
}
