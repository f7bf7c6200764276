//! Compiles the crate anew when a migration is added: `sqlx::migrate!` alone sees only changes of files it already knows.

fn main() {
    println!("cargo::rerun-if-changed=../../migrations");
}
