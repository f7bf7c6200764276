import { pages } from "../support/pages.ts";
import { expect, expectAccessible, hydrated, test } from "../support/test.ts";

for (const { name, path, heading } of pages) {
  test.describe(name, () => {
    test.describe("without JavaScript", () => {
      test.use({ javaScriptEnabled: false });

      test("reads complete", async ({ page }) => {
        const answer = await page.goto(path);
        expect(answer?.status()).toBe(200);
        await expect(page.getByRole("heading", { level: 1, name: heading })).toBeVisible();
        await expect(page.getByRole("navigation", { name: "Dashboard" }).getByRole("link")).not.toHaveCount(0);
        await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
      });
    });

    test("is taken over by the WebAssembly without a complaint", async ({ page, complaints }) => {
      await page.goto(path);
      await hydrated(page);
      await expect(page.getByRole("heading", { level: 1, name: heading })).toBeVisible();
      expect(complaints.messages).toEqual([]);
    });

    for (const colorScheme of ["light", "dark"] as const) {
      test(`keeps nobody out, ${colorScheme}`, async ({ page }) => {
        await page.emulateMedia({ colorScheme });
        await page.goto(path);
        await hydrated(page);
        await expectAccessible(page);
      });
    }
  });
}
