import { join } from "node:path";
import { banner, plainPage, test } from "../support/banner.ts";
import { environment } from "../support/environment.ts";
import type { License } from "../support/license-database.ts";

const licenses: License[] = [{ state: "pending" }, { state: "expiring", days: 12 }, { state: "expired" }];

// Of the scenarios' projects one is enough: the licenses are set here.
for (const license of licenses) {
  for (const lang of ["en", "ar", "ja"]) {
    for (const width of [1280, 320]) {
      for (const colorScheme of ["light", "dark"] as const) {
        test(`banner ${license.state} ${lang} ${width} ${colorScheme}`, async ({ browser, ingress, license: database }) => {
          await database.be(license);
          const page = await browser.newPage({
            viewport: { width, height: 360 },
            colorScheme,
            baseURL: ingress.url,
            reducedMotion: "reduce",
          });
          await page.goto(`/sample?lang=${lang}`);
          await banner(page).waitFor();
          const file = `banner-${license.state}-${lang}-${width}-${colorScheme}.png`;
          await page.screenshot({ path: join(environment.target, "screenshots", file) });
          await page.close();
        });
      }
    }
  }
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`banner without WebAssembly ${colorScheme}`, async ({ browser, ingress, license }) => {
    await license.be({ state: "expired" });
    ingress.policy = "script-src 'self'";
    const page = await browser.newPage({ viewport: { width: 640, height: 200 }, colorScheme, baseURL: ingress.url });
    ingress.pages.set("/plain", plainPage());
    await page.goto("/plain");
    await banner(page).waitFor();
    await page.screenshot({ path: join(environment.target, "screenshots", `banner-plain-${colorScheme}.png`) });
    await page.close();
  });
}
