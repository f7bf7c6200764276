import { expect, hydrated, test } from "../support/test.ts";

test("shows the license state that the API answers", async ({ page, request }) => {
  const status = await (await request.get("/api/license-status")).json();
  expect(status).toMatchObject({ warn: false, state: "ok" });
  await page.goto("/admin");
  await expect(page.getByRole("heading", { name: "License", exact: false }).first()).toContainText(/ok/i);
  await expect(page.getByText("No banner.", { exact: false })).toBeVisible();
});

test("leads to the batches without loading a page anew", async ({ page, complaints }) => {
  await page.goto("/admin");
  await hydrated(page);
  await page.evaluate(() => document.documentElement.setAttribute("data-same-document", ""));
  await page.getByRole("navigation", { name: "Dashboard" }).getByRole("link", { name: "Batches" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Batches" })).toBeVisible();
  await expect(page.getByRole("table").getByRole("row").nth(1)).toBeVisible();
  await expect(page.locator("html[data-same-document]")).toBeAttached();
  expect(complaints.messages).toEqual([]);
});
