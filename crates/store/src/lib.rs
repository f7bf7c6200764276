//! The tables of OHE Telemetry: batches, delivery attempts, identity, audit log, and their migrations.
