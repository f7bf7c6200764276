import { banner, expect, expectAccessible, plainPage, test } from "../../support/banner.ts";

for (const colorScheme of ["light", "dark"] as const) {
  for (const [lang, plain] of [["en", false], ["ar", false], ["en", true]] as const) {
    test(`keeps nobody out, ${colorScheme}, ${lang}${plain ? ", without WebAssembly" : ""}`, async ({ page, ingress }) => {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      if (plain) ingress.policy = "script-src 'self'";
      ingress.pages.set("/localised", plainPage(`<ohe-license-banner lang="${lang}"></ohe-license-banner>`));
      await page.goto("/localised");
      await expect(banner(page)).toBeVisible();
      await expectAccessible(page);
    });
  }
}

test("moves only where motion is welcome", async ({ page }) => {
  for (const [reducedMotion, name] of [["reduce", "none"], ["no-preference", "arrive"]] as const) {
    await page.emulateMedia({ reducedMotion });
    await page.goto("/plain");
    await expect(banner(page)).toHaveCSS("animation-name", name);
  }
});

test("loses nothing at 320 pixels, nor at a zoom of 400 %", async ({ page, ingress }) => {
  // A window of 1280 pixels at 400 % is 320 CSS pixels wide.
  await page.setViewportSize({ width: 320, height: 256 });
  for (const lang of ["de", "ar", "uk"]) {
    ingress.pages.set("/localised", plainPage(`<ohe-license-banner lang="${lang}"></ohe-license-banner>`));
    await page.goto("/localised");
    await expect(banner(page)).toBeVisible();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
    for (const part of [banner(page).getByRole("paragraph"), banner(page).getByRole("button")]) {
      const box = (await part.boundingBox())!;
      expect(box.x).toBeGreaterThanOrEqual(0);
      expect(box.x + box.width).toBeLessThanOrEqual(320);
    }
    const button = (await banner(page).getByRole("button").boundingBox())!;
    expect(Math.min(button.width, button.height)).toBeGreaterThanOrEqual(24);
  }
});

test("the close button stands at the end of the line in both directions", async ({ page, ingress }) => {
  for (const [lang, atTheRight] of [["en", true], ["ar", false]] as const) {
    ingress.pages.set("/localised", plainPage(`<ohe-license-banner lang="${lang}"></ohe-license-banner>`));
    await page.goto("/localised");
    await expect(banner(page)).toBeVisible();
    const text = (await banner(page).getByRole("paragraph").boundingBox())!;
    const button = (await banner(page).getByRole("button").boundingBox())!;
    expect(button.x > text.x).toBe(atTheRight);
  }
});

test("takes its colours from the page where the page has some", async ({ page, ingress }) => {
  const style = "--ohe-license-banner-background: rgb(1, 2, 3); --ohe-license-banner-color: rgb(250, 251, 252)";
  ingress.pages.set("/themed", plainPage(`<ohe-license-banner style="${style}"></ohe-license-banner>`));
  for (const plain of [false, true]) {
    if (plain) ingress.policy = "script-src 'self'";
    await page.goto("/themed");
    await expect(banner(page)).toHaveCSS("background-color", "rgb(1, 2, 3)");
    await expect(banner(page)).toHaveCSS("color", "rgb(250, 251, 252)");
  }
});
