import { join } from "node:path";
import { environment } from "../support/environment.ts";
import { pages } from "../support/pages.ts";
import { test } from "../support/test.ts";

const widths = [
  { width: "wide", viewport: { width: 1440, height: 900 } },
  { width: "narrow", viewport: { width: 390, height: 844 } },
];

for (const { name, path } of pages) {
  for (const { width, viewport } of widths) {
    for (const colorScheme of ["light", "dark"] as const) {
      test.describe(() => {
        test.use({ viewport, colorScheme, contextOptions: { reducedMotion: "reduce" } });

        test(`${name} ${width} ${colorScheme}`, async ({ page, scenario }) => {
          await page.goto(path, { waitUntil: "networkidle" });
          const file = `${scenario}-${name}-${width}-${colorScheme}.png`;
          await page.screenshot({ path: join(environment.target, "screenshots", file), fullPage: true });
        });
      });
    }
  }
}
