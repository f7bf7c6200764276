//! Has Cargo look at the directory of collectors again when a file is added or removed: `automod` reads it while the crate
//! compiles, which Cargo cannot know.

fn main() {
    println!("cargo::rerun-if-changed=src/collectors");
}
