import { banner, expect, test } from "../../support/banner.ts";
import { hydrated } from "../../support/test.ts";
import { wordings } from "../../support/wordings.ts";

test("the dashboard of the demo leads to a page of OHE with the banner on it, and back", async ({ page, complaints }) => {
  await page.goto("/admin");
  await hydrated(page);
  const navigation = page.getByRole("navigation", { name: "Dashboard" });
  await navigation.getByRole("link", { name: "Sample OHE page" }).click();
  await expect(banner(page)).toContainText(wordings["en"]!.expiring);
  await page.getByRole("link", { name: "日本語" }).click();
  await expect(banner(page)).toContainText(wordings["ja"]!.expiring);
  await page.getByRole("link", { name: "Telemetry dashboard" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Overview" })).toBeVisible();
  expect(complaints.messages).toEqual([]);
});
