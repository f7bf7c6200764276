import { AxeBuilder } from "@axe-core/playwright";
import { test as base, expect, type Page } from "@playwright/test";
import { Demo, type Scenario } from "./demo.ts";

export { expect };

/** What a page said that nobody should have to read. */
export interface Complaints {
  /** Console messages of level error or warning, and uncaught exceptions. */
  messages: string[];
}

/**
 * Tests against a running demo. `test.use({ scenario: "failing" })` at the top of a file chooses its story; files with
 * the same one share a demo, so a test must not rely on what another has left behind.
 */
export const test = base.extend<{ complaints: Complaints }, { scenario: Scenario; demo: Demo }>({
  scenario: ["healthy", { option: true, scope: "worker" }],
  demo: [
    async ({ scenario }, use) => {
      const demo = await Demo.start(scenario);
      await use(demo);
      await demo.stop();
    },
    // Its own time limit is in Demo.start, which says what the program printed.
    { scope: "worker", timeout: 0 },
  ],
  baseURL: async ({ demo }, use) => use(demo.url),
  complaints: async ({ page }, use) => {
    const complaints: Complaints = { messages: [] };
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.messages.push(message.text());
    });
    page.on("pageerror", (error) => complaints.messages.push(error.message));
    await use(complaints);
  },
});

/** Waits until the page in the browser has been taken over by the WebAssembly. */
export async function hydrated(page: Page): Promise<void> {
  await page.waitForFunction(() => performance.getEntriesByName("hydrated").length > 0);
}

/** Fails where axe finds something that keeps people out. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(({ id, help, nodes }) => ({ id, help, targets: nodes.map((node) => node.target) }));
  expect(found).toEqual([]);
}
