import { defineConfig } from "@playwright/test";
import { join } from "node:path";
import { scenarios, type Scenario } from "./support/demo.ts";
import { environment } from "./support/environment.ts";

/** Nothing of Chromium's own may reach for the network: tests see the program's traffic alone. */
const quiet = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-quic",
  "--disable-sync",
  "--no-first-run",
];

export default defineConfig<object, { scenario: Scenario }>({
  outputDir: join(environment.target, "end2end"),
  forbidOnly: true,
  // A test that passes at a second try is a defect, so there is none.
  retries: 0,
  // Each worker starts a program and a database of its own.
  workers: 2,
  use: {
    timezoneId: "UTC",
    locale: "en-US",
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: environment.chromium,
      // Chromium's sandbox refuses to run as root.
      args: process.getuid?.() === 0 ? [...quiet, "--no-sandbox"] : quiet,
    },
  },
  projects: [
    { name: "browser", testDir: "tests" },
    // A worker, and with it a demo, has one scenario.
    ...scenarios.map((scenario) => ({
      name: `screenshots ${scenario}`,
      testDir: "screenshots",
      testMatch: "*.ts",
      // The banner's licenses are set by the tests themselves, so that once is enough.
      testIgnore: scenario === "failing" ? [] : "banner.ts",
      use: { scenario },
    })),
  ],
});
