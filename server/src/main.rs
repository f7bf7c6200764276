//! Usage telemetry for OpenHands Enterprise that hides nothing from its administrators.
fn main() {}
