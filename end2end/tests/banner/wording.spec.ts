import { banner, countStatuses, expect, plainPage, test } from "../../support/banner.ts";
import type { License } from "../../support/license-database.ts";
import { wordings } from "../../support/wordings.ts";

const element = (lang: string) => `<ohe-license-banner lang="${lang}"></ohe-license-banner>`;

const warning: License[] = [{ state: "pending" }, { state: "expiring", days: 12 }, { state: "expired" }];

for (const license of warning) {
  for (const [lang, words] of Object.entries(wordings)) {
    test(`${license.state} in ${lang}`, async ({ page, ingress, license: database }) => {
      await database.be(license);
      ingress.pages.set("/localised", plainPage(element(lang)));
      await page.goto("/localised");
      await expect(banner(page)).toContainText(words[license.state as "pending" | "expiring" | "expired"]);
      await expect(banner(page)).toHaveAttribute("lang", lang);
      await expect(banner(page)).toHaveAttribute("dir", lang === "ar" ? "rtl" : "ltr");
      await expect(banner(page).getByRole("button", { name: words.close, exact: true })).toBeVisible();
    });
  }
}

for (const [days, lang, words] of [
  [1, "en", "will expire in 1 day."],
  [30, "en", "will expire in 30 days."],
  [1, "de", "in 1 Tag ab"],
  [1, "ar", "خلال يوم واحد."],
  [2, "ar", "خلال يومين."],
  [3, "ar", "خلال 3 أيام."],
  [1, "uk", "через 1 день."],
  [21, "uk", "через 21 день."],
  [22, "uk", "через 22 дні."],
] as const) {
  test(`${days} days in ${lang}`, async ({ page, ingress, license }) => {
    await license.be({ state: "expiring", days });
    ingress.pages.set("/localised", plainPage(element(lang)));
    await page.goto("/localised");
    await expect(banner(page)).toContainText(words);
  });
}

test("nothing is shown while the license is not at stake, and no WebAssembly is fetched", async ({ page, ingress, license }) => {
  await license.be({ state: "ok" });
  const statuses = await countStatuses(page);
  await page.goto("/plain");
  await expect.poll(statuses).toBe(1);
  await expect(banner(page)).toHaveCount(0);
  expect(ingress.paths.filter((path) => path.startsWith("/banner/"))).toEqual(["/banner/license-banner.js"]);
  expect(await page.locator("ohe-license-banner").boundingBox()).toMatchObject({ height: 0 });
});

test("a language that the banner does not speak gets the server's words", async ({ page, ingress }) => {
  for (const lang of ["nl", "xx-invalid-", "en_US"]) {
    ingress.pages.set("/localised", plainPage(element(lang)));
    await page.goto("/localised");
    await expect(banner(page)).toContainText(wordings["en"]!.expiring);
    await expect(banner(page)).toHaveAttribute("lang", "en");
  }
});

test("the language is the page's unless the element has one, and follows both", async ({ page }) => {
  await page.goto("/plain");
  await expect(banner(page)).toHaveAttribute("lang", "en");
  await page.evaluate(() => (document.documentElement.lang = "fr-CA"));
  await expect(banner(page)).toContainText(wordings["fr"]!.expiring);
  await page.locator("ohe-license-banner").evaluate((element) => element.setAttribute("lang", "de_AT"));
  await expect(banner(page)).toContainText(wordings["de"]!.expiring);
  await page.evaluate(() => (document.documentElement.lang = "ja"));
  await expect(banner(page)).toContainText(wordings["de"]!.expiring);
  await page.locator("ohe-license-banner").evaluate((element) => element.removeAttribute("lang"));
  await expect(banner(page)).toContainText(wordings["ja"]!.expiring);
});
