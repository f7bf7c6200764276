import { resolve } from "node:path";

/** What the tests drive. `cargo xtask test browser` says so; by hand, the usual places are taken. */
export const environment = {
  program: process.env["OHE_TELEMETRY_PROGRAM"] ?? resolve(import.meta.dirname, "../../target/debug/ohe-telemetry"),
  chromium: process.env["CHROMIUM_PROGRAM"] ?? "/usr/bin/chromium",
  target: process.env["TARGET_DIRECTORY"] ?? resolve(import.meta.dirname, "../../target"),
};
