import { expect, hydrated, test } from "../support/test.ts";

test("pages follow each other without loading a document anew", async ({ page, complaints }) => {
  await page.goto("/admin");
  await hydrated(page);
  await page.evaluate(() => document.documentElement.setAttribute("data-same-document", ""));
  const navigation = page.getByRole("navigation", { name: "Dashboard" });
  for (const name of ["Batches", "Metrics", "Collectors", "Overview"]) {
    await navigation.getByRole("link", { name }).click();
    await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
    await expect(navigation.getByRole("link", { name })).toHaveAttribute("aria-current", "page");
  }
  await expect(page.locator("html[data-same-document]")).toBeAttached();
  expect(complaints.messages).toEqual([]);
});

test("an address that leads nowhere says so", async ({ page }) => {
  const answer = await page.goto("/admin/nowhere");
  expect(answer?.status()).toBe(404);
  await expect(page.getByRole("heading", { level: 1 })).toContainText(/not found/i);
});
