//! Compiles the crate anew when a migration is added: `sqlx::migrate!` alone sees only changes of files it already knows.

#[expect(clippy::print_stdout, reason = "this is how a build script talks to cargo")]
fn main() {
    println!("cargo::rerun-if-changed=../../migrations");
}
