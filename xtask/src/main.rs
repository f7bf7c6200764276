//! The two commands of the README, and what they are made of.
fn main() {}
