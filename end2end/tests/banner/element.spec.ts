import { banner, countStatuses, expect, plainPage, test } from "../../support/banner.ts";

const two = plainPage("<ohe-license-banner></ohe-license-banner><ohe-license-banner></ohe-license-banner>");
const hour = 3_600_000;

test("stands at the top of the page and pushes its content down", async ({ page, license }) => {
  await license.be({ state: "ok" });
  const statuses = await countStatuses(page);
  await page.goto("/plain");
  await expect.poll(statuses).toBe(1);
  const without = await page.getByRole("heading").boundingBox();
  await license.be({ state: "expiring", days: 12 });
  await page.reload();
  await expect(banner(page)).toBeVisible();
  const [above, heading] = [await banner(page).boundingBox(), await page.getByRole("heading").boundingBox()];
  expect(above!.y).toBeLessThan(30);
  expect(heading!.y).toBeGreaterThanOrEqual(above!.y + above!.height);
  expect(heading!.y).toBeGreaterThan(without!.y);
});

test("is closed with the keyboard until the page is loaded again", async ({ page }) => {
  await page.clock.install();
  const statuses = await countStatuses(page);
  await page.goto("/plain");
  await expect(banner(page)).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(banner(page).getByRole("button")).toBeFocused();
  const outline = await banner(page).getByRole("button").evaluate((button) => getComputedStyle(button).outlineStyle);
  expect(outline).toBe("solid");
  await page.keyboard.press("Enter");
  await expect(banner(page)).toHaveCount(0);
  await page.clock.runFor(hour);
  await expect.poll(statuses).toBe(2);
  await expect(banner(page)).toHaveCount(0);
  await page.reload();
  await expect(banner(page)).toBeVisible();
  await banner(page).getByRole("button").click();
  await expect(banner(page)).toHaveCount(0);
});

test("stays closed when the element is taken away and put back", async ({ page }) => {
  await page.goto("/plain");
  await banner(page).getByRole("button").click();
  const statuses = await page.evaluate(async () => {
    document.querySelector("ohe-license-banner")!.remove();
    const element = document.createElement("ohe-license-banner");
    const told = new Promise((resolve) => element.addEventListener("license-status", (event) => resolve(event.detail)));
    document.body.prepend(element);
    return told;
  });
  expect(statuses).toMatchObject({ warn: true });
  await expect(banner(page)).toHaveCount(0);
});

test("is announced once: polls that change nothing touch nothing", async ({ page }) => {
  await page.clock.install();
  const statuses = await countStatuses(page);
  await page.goto("/plain");
  await expect(banner(page)).toBeVisible();
  await page.locator("ohe-license-banner").evaluate((element) => {
    const counted = window as unknown as { mutations: number };
    counted.mutations = 0;
    new MutationObserver((records) => (counted.mutations += records.length)).observe(element.shadowRoot!, {
      attributes: true,
      characterData: true,
      childList: true,
      subtree: true,
    });
  });
  for (const expected of [2, 3, 4]) {
    await page.clock.runFor(hour);
    await expect.poll(statuses).toBe(expected);
  }
  expect(await page.evaluate(() => (window as unknown as { mutations: number }).mutations)).toBe(0);
});

test("several elements share one poll and one close button's effect", async ({ page, ingress }) => {
  ingress.pages.set("/two", two);
  await page.clock.install();
  await page.goto("/two");
  await expect(banner(page)).toHaveCount(2);
  await page.clock.runFor(hour);
  await expect.poll(() => ingress.statusRequests.length).toBe(2);
  await banner(page).first().getByRole("button").click();
  await expect(banner(page)).toHaveCount(0);
});

test("nothing is asked for an element that is gone, and one that is back goes on", async ({ page, ingress }) => {
  await page.clock.install();
  await page.goto("/plain");
  await expect(banner(page)).toBeVisible();
  await page.evaluate(() => {
    const element = document.querySelector("ohe-license-banner")!;
    for (let round = 0; round < 50; round++) {
      element.remove();
      document.body.prepend(element);
    }
  });
  await expect(banner(page)).toHaveCount(1);
  await page.clock.runFor(hour);
  await expect.poll(() => ingress.statusRequests.length).toBe(2);
  const element = await page.locator("ohe-license-banner").elementHandle();
  await element!.evaluate((element) => element.remove());
  await page.clock.runFor(10 * hour);
  expect(ingress.statusRequests).toHaveLength(2);
  await element!.evaluate((element) => document.body.prepend(element));
  await expect.poll(() => ingress.statusRequests.length).toBe(3);
  await expect(banner(page)).toBeVisible();
  await page.clock.runFor(hour);
  await expect.poll(() => ingress.statusRequests.length).toBe(4);
});

test("an element that goes while its request is under way leaves nothing behind", async ({ page, ingress }) => {
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  await page.clock.install();
  ingress.held = /license-status/;
  await page.goto("/plain");
  await expect.poll(() => ingress.paths.filter((path) => path.endsWith("license-status")).length).toBe(1);
  await page.evaluate(() => document.querySelector("ohe-license-banner")!.remove());
  ingress.release();
  await expect.poll(() => ingress.statusRequests.length).toBe(1);
  await page.clock.runFor(10 * hour);
  expect(ingress.statusRequests).toHaveLength(1);
  expect(errors).toEqual([]);
});

test("another src is asked at once, and what it says is shown", async ({ page, ingress }) => {
  ingress.pages.set("/quiet", '{"warn":false,"message":""}');
  await page.goto("/plain");
  await expect(banner(page)).toBeVisible();
  await page.locator("ohe-license-banner").evaluate((element) => element.setAttribute("src", "/quiet"));
  await expect(banner(page)).toHaveCount(0);
  await page.locator("ohe-license-banner").evaluate((element) => element.setAttribute("src", "/api/license-status"));
  await expect(banner(page)).toBeVisible();
});

test("an address that is none throws nothing into the page", async ({ page, ingress }) => {
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  ingress.pages.set("/wrong", plainPage('<ohe-license-banner src="http://["></ohe-license-banner><ohe-license-banner></ohe-license-banner>'));
  await page.goto("/wrong");
  await expect(banner(page)).toHaveCount(1);
  expect(errors).toEqual([]);
});

test("tells the page of each status", async ({ page, license }) => {
  await license.be({ state: "expired" });
  await page.addInitScript(() => {
    document.addEventListener("license-status", (event) => ((window as unknown as { told: unknown }).told = event.detail), { once: true });
  });
  await page.goto("/plain");
  await expect(banner(page)).toBeVisible();
  const told = await page.evaluate(() => (window as unknown as { told: unknown }).told);
  expect(told).toMatchObject({ warn: true, state: "expired", days_until_expiration: 0, expires_at: expect.any(String) });
});
