import { banner, expect, plainPage, test } from "../../support/banner.ts";
import { serveFor } from "../../support/cross-origin-service.ts";
import { Ingress } from "../../support/ingress.ts";

/** What a page needs at most; the page's own icon apart. */
const strict = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; img-src data:";

const closes = async (page: import("@playwright/test").Page) => {
  await banner(page).getByRole("button", { name: "Close" }).click();
  await expect(banner(page)).toHaveCount(0);
};

test("a strict Content-Security-Policy suffices, trusted types included", async ({ page, ingress, complaints }) => {
  ingress.policy = `${strict}; require-trusted-types-for 'script'`;
  await page.goto("/plain");
  await expect(banner(page).locator("svg").first()).toBeVisible();
  // The style sheet is there: no rule forbids one that is constructed.
  await expect(banner(page)).toHaveCSS("background-color", "rgb(185, 28, 28)");
  await expect(banner(page)).toHaveCSS("border-radius", "8px");
  expect(complaints.messages).toEqual([]);
});

test("where WebAssembly cannot run, the server's message is shown, and can be closed", async ({ page, ingress, license }) => {
  ingress.policy = strict.replace(" 'wasm-unsafe-eval'", "");
  ingress.pages.set("/localised", plainPage('<ohe-license-banner lang="ja"></ohe-license-banner>'));
  for (const state of [{ state: "expiring", days: 12 }, { state: "expired" }] as const) {
    await license.be(state);
    const { message } = await (await fetch(`${ingress.url}/api/license-status`)).json();
    await page.goto("/localised");
    await expect(banner(page).getByRole("paragraph")).toHaveText(message);
    await expect(banner(page)).toHaveAttribute("lang", "en");
    await closes(page);
  }
});

test("where the WebAssembly cannot be fetched, the server's message is shown", async ({ page, context }) => {
  await context.route(/\/banner\/banner-.*\.wasm/, (route) => route.abort());
  await page.goto("/plain");
  await expect(banner(page)).toContainText("will expire in 12 days");
  await expect(banner(page).locator("svg")).toHaveCount(0);
  await closes(page);
});

test("where the WebAssembly does not come, the server's message is shown after ten seconds", async ({ page, ingress }) => {
  await page.clock.install();
  ingress.held = /\.wasm$/;
  await page.goto("/plain");
  await expect.poll(() => ingress.paths.some((path) => path.endsWith(".wasm"))).toBe(true);
  await expect(banner(page)).toHaveCount(0);
  await page.clock.runFor(10_000);
  await expect(banner(page)).toContainText("will expire in 12 days");
  ingress.release();
  await closes(page);
});

test("the files are compressed beforehand, typed, and cached for as long as their names allow", async ({ ingress }) => {
  const get = (path: string, headers: Record<string, string> = {}) => fetch(`${ingress.url}${path}`, { headers });
  const loader = await get("/banner/license-banner.js", { "accept-encoding": "br" });
  expect(loader.headers.get("content-type")).toMatch(/^text\/javascript/);
  expect(loader.headers.get("content-encoding")).toBe("br");
  expect(loader.headers.get("cache-control")).toBe("public, no-cache");
  const names = [...(await loader.text()).matchAll(/\.\/(banner-[0-9a-f]{16}\.(js|wasm))/g)].map(([, name]) => name);
  expect(names).toHaveLength(2);
  const etag = loader.headers.get("etag")!;
  expect((await get("/banner/license-banner.js", { "if-none-match": etag })).status).toBe(304);
  for (const name of names) {
    for (const encoding of ["br", "gzip"]) {
      const file = await get(`/banner/${name}`, { "accept-encoding": encoding });
      expect(file.headers.get("content-encoding")).toBe(encoding);
      expect(file.headers.get("vary")).toMatch(/accept-encoding/i);
      expect(file.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
      expect(file.headers.get("content-type")).toMatch(name!.endsWith("wasm") ? /^application\/wasm$/ : /^text\/javascript/);
    }
  }
  expect((await get("/banner/nothing.js")).status).toBe(404);
});

test("pages of a configured origin may embed it, others may not", async ({ page, ingress, service }) => {
  const stranger = await Ingress.start(service.url);
  const other = await serveFor(ingress.url, service);
  try {
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    const embedding = plainPage("<ohe-license-banner></ohe-license-banner>", `${other.url}/banner/license-banner.js`);
    ingress.pages.set("/embedding", embedding);
    ingress.policy = `default-src 'none'; script-src ${other.url} 'wasm-unsafe-eval'; connect-src ${other.url}; img-src data:`;
    await page.goto(`${ingress.url}/embedding`);
    await expect(banner(page).locator("svg").first()).toBeVisible();
    // Nothing was asked of the page's own server.
    expect(ingress.statusRequests).toEqual([]);

    // The loader from its own server, the status from the other one.
    stranger.pages.set("/embedding", plainPage(`<ohe-license-banner src="${other.url}/api/license-status"></ohe-license-banner>`));
    const refused = page.waitForEvent("requestfailed", (request) => request.url().endsWith("/api/license-status"));
    await page.goto(`${stranger.url}/embedding`);
    await refused;
    await expect(banner(page)).toHaveCount(0);
    expect(errors).toEqual([]);
  } finally {
    await other.stop();
    await stranger.stop();
  }
});
