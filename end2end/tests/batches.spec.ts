import { expect, hydrated, test } from "../support/test.ts";

for (const javaScriptEnabled of [false, true]) {
  test.describe(`JavaScript ${javaScriptEnabled ? "on" : "off"}`, () => {
    test.use({ javaScriptEnabled });

    test("the list leads to a batch and to exactly what was sent", async ({ page, complaints }) => {
      await page.goto("/admin/batches");
      if (javaScriptEnabled) await hydrated(page);
      const newest = page.getByRole("table", { name: "Batches, newest first" }).getByRole("row").nth(1);
      await expect(newest).toContainText("Delivered");
      await newest.getByRole("link").click();
      await expect(page).toHaveURL(/\/admin\/batches\/[0-9a-f-]{36}$/);
      await expect(page.getByRole("heading", { level: 1, name: /^Batch of / })).toBeVisible();
      const heading = page.getByRole("heading", { name: "What is sent" });
      const sent = page.locator("section").filter({ has: heading });
      await expect(sent).toContainText("total_users");
      await expect(sent).toContainText("conversations_30d");
      expect(complaints.messages).toEqual([]);
    });

    test("only the batches in the state chosen are listed", async ({ page }) => {
      await page.goto("/admin/batches");
      if (javaScriptEnabled) await hydrated(page);
      await page.getByRole("navigation", { name: "Filter by state" }).getByRole("link", { name: "Set aside" }).click();
      await expect(page).toHaveURL(/state=set_aside/);
      await expect(page.getByText("No batch was set aside")).toBeVisible();
    });
  });
}
