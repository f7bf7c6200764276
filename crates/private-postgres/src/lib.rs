//! A PostgreSQL server of our own, from the installed binaries, for the demo, tests and benchmarks.
