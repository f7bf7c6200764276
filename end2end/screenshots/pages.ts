import { join } from "node:path";
import { scenarios } from "../support/demo.ts";
import { environment } from "../support/environment.ts";
import { pages } from "../support/pages.ts";
import { test } from "../support/test.ts";

const widths = [
  { name: "wide", width: 1440, height: 900 },
  { name: "narrow", width: 390, height: 844 },
];

for (const scenario of scenarios) {
  test.describe(scenario, () => {
    test.use({ scenario });
    for (const { name, path } of pages) {
      for (const { name: width, ...viewport } of widths) {
        for (const colorScheme of ["light", "dark"] as const) {
          test(`${scenario} ${name} ${width} ${colorScheme}`, async ({ browser, demo }) => {
            const page = await browser.newPage({ viewport, colorScheme, baseURL: demo.url, reducedMotion: "reduce" });
            await page.goto(path, { waitUntil: "networkidle" });
            const file = `${scenario}-${name}-${width}-${colorScheme}.png`;
            await page.screenshot({ path: join(environment.target, "screenshots", file), fullPage: true });
            await page.close();
          });
        }
      }
    }
  });
}
