import type { Locator, Page } from "@playwright/test";
import { Demo } from "./demo.ts";
import { Ingress } from "./ingress.ts";
import { LicenseDatabase } from "./license-database.ts";
import { test as base } from "./test.ts";

export { expect, expectAccessible } from "./test.ts";

/** A page with nothing on it but the banner, before what a page has. */
export const plainPage = (element = "<ohe-license-banner></ohe-license-banner>", loader = "/banner/license-banner.js") =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Page</title>
   <meta name="viewport" content="width=device-width, initial-scale=1">
   <link rel="icon" href="data:,"><script type="module" src="${loader}"></script></head>
   <body>${element}<main><h1>Page</h1></main></body></html>`;

/** Tests of the banner: a demo of their own, whose license each test sets, behind an ingress that each test has anew. */
export const test = base.extend<{ ingress: Ingress; license: LicenseDatabase }, { service: Demo; database: LicenseDatabase }>({
  service: [
    async ({}, use) => {
      const service = await Demo.start("failing");
      await use(service);
      await service.stop();
    },
    { scope: "worker", timeout: 0 },
  ],
  database: [async ({ service }, use) => use(new LicenseDatabase(service)), { scope: "worker" }],
  // Unless a test sets another, the license expires in 12 days.
  license: [
    async ({ database }, use) => {
      await database.be({ state: "expiring", days: 12 });
      await use(database);
    },
    { auto: true },
  ],
  ingress: async ({ service }, use) => {
    const ingress = await Ingress.start(service.url);
    ingress.pages.set("/plain", plainPage());
    await use(ingress);
    await ingress.stop();
  },
  baseURL: async ({ ingress }, use) => use(ingress.url),
});

/** The banner as users find it. */
export const banner = (page: Page): Locator => page.getByRole("alert");

/** How often the element has been told of a status; from before the page's own scripts. */
export async function countStatuses(page: Page): Promise<() => Promise<number>> {
  await page.addInitScript(() => {
    const counted = window as unknown as { statuses: number };
    counted.statuses = 0;
    document.addEventListener("license-status", () => counted.statuses++);
  });
  return () => page.evaluate(() => (window as unknown as { statuses: number }).statuses);
}
