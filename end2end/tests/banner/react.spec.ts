import { execFileSync } from "node:child_process";
import { join, resolve } from "node:path";
import { createServer } from "vite";
import { banner, expect, test as base } from "../../support/banner.ts";
import { application, buildApplication, installPackage } from "../../support/react-app.ts";

const test = base.extend<object, { folder: string }>({
  folder: [
    async ({}, use) => {
      installPackage();
      await use(await buildApplication());
    },
    { scope: "worker" },
  ],
});

test("the package's types fit React's", async ({ folder }) => {
  expect(folder).toBeTruthy();
  const tsc = resolve(import.meta.dirname, "../../node_modules/.bin/tsc");
  execFileSync(tsc, ["--project", join(application, "tsconfig.json")], { stdio: "inherit" });
});

test("in React's strict mode one request is made, the props arrive, and the router does not disturb it", async ({ page, ingress, folder, complaints }) => {
  ingress.folder = folder;
  await page.clock.install();
  await page.goto("/");
  await expect(banner(page)).toContainText("will expire in 12 days");
  await expect(page.getByLabel("License state")).toHaveText("expiring");
  expect(ingress.statusRequests).toHaveLength(1);
  await page.getByRole("button", { name: "de" }).click();
  await expect(banner(page)).toContainText("läuft in 12 Tagen ab");
  await page.getByRole("link", { name: "A conversation" }).click();
  await expect(page.getByRole("heading", { name: "Conversation 1" })).toBeVisible();
  await expect(banner(page)).toBeVisible();
  await page.clock.runFor(600_000);
  await expect.poll(() => ingress.statusRequests.length).toBe(2);
  await banner(page).getByRole("button", { name: "Schließen" }).click();
  await page.getByRole("link", { name: "Home" }).click();
  await expect(page.getByRole("heading", { name: "Home" })).toBeVisible();
  await expect(banner(page)).toHaveCount(0);
  expect(complaints.messages).toEqual([]);
});

test("on a page that scrolls it stays at the top of the page", async ({ page, ingress, folder }) => {
  ingress.folder = folder;
  await page.goto("/");
  await expect(banner(page)).toBeInViewport();
  await page.getByText("Conversation 80", { exact: true }).scrollIntoViewIfNeeded();
  await expect(banner(page)).not.toBeInViewport();
});

test("a healthy install's pages load no WebAssembly", async ({ page, ingress, folder, license }) => {
  await license.be({ state: "ok" });
  ingress.folder = folder;
  await page.goto("/");
  await expect(page.getByLabel("License state")).toHaveText("ok");
  expect(ingress.paths.filter((path) => path.endsWith(".wasm"))).toEqual([]);
});

test("Vite's development server serves it as it is", async ({ page, ingress, folder }) => {
  expect(folder).toBeTruthy();
  const vite = await createServer({
    root: application,
    server: { host: "127.0.0.1", port: 0, proxy: { "/api/license-status": ingress.url } },
  });
  try {
    await vite.listen();
    await page.goto(vite.resolvedUrls!.local[0]!);
    await expect(banner(page).locator("svg").first()).toBeVisible();
  } finally {
    await vite.close();
  }
});
