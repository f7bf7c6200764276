import type { Page } from "@playwright/test";
import { banner, countStatuses, expect, plainPage, test } from "../../support/banner.ts";

const hour = 3_600_000;

/** Makes the tab hidden or visible, as far as a page can tell. */
async function setHidden(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate((hidden) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
}

test("asks at once, then every hour, with the ETag, and is told that nothing changed", async ({ page, ingress }) => {
  await page.clock.install();
  const statuses = await countStatuses(page);
  await page.goto("/plain");
  await expect(banner(page)).toBeVisible();
  expect(ingress.statusRequests).toHaveLength(1);
  await page.clock.runFor(hour - 5_000);
  expect(ingress.statusRequests).toHaveLength(1);
  await page.clock.runFor(5_000);
  await expect.poll(statuses).toBe(2);
  await page.clock.runFor(hour);
  await expect.poll(statuses).toBe(3);
  expect(ingress.statusRequests.map(({ code }) => code)).toEqual([200, 304, 304]);
  expect(ingress.statusRequests[1]?.etag).toMatch(/^"[0-9a-f]+"$/);
});

test("appears when the license comes to be at stake, and goes when it is not any more", async ({ page, license }) => {
  await license.be({ state: "ok" });
  await page.clock.install();
  const statuses = await countStatuses(page);
  await page.goto("/plain");
  await expect.poll(statuses).toBe(1);
  await expect(banner(page)).toHaveCount(0);
  await license.be({ state: "expiring", days: 30 });
  await page.clock.runFor(hour);
  await expect(banner(page)).toContainText("will expire in 30 days");
  await license.be({ state: "ok" });
  await page.clock.runFor(hour);
  await expect(banner(page)).toHaveCount(0);
});

test("asks as often as poll-seconds says, and hourly where that says nothing", async ({ page, ingress }) => {
  await page.clock.install();
  const statuses = await countStatuses(page);
  for (const [attribute, seconds] of [["90", 90], ["0", 3600], ["-1", 3600], ["soon", 3600], ["", 3600]] as const) {
    ingress.pages.set("/often", plainPage(`<ohe-license-banner poll-seconds="${attribute}"></ohe-license-banner>`));
    await page.goto("/often");
    await expect.poll(statuses).toBe(1);
    const before = ingress.statusRequests.length;
    await page.clock.runFor((seconds - 3) * 1000);
    expect(ingress.statusRequests).toHaveLength(before);
    await page.clock.runFor(3_000);
    await expect.poll(statuses).toBe(2);
  }
});

test("a hidden tab does not ask, and asks when it becomes visible after more than an hour", async ({ page, ingress }) => {
  await page.clock.install();
  const statuses = await countStatuses(page);
  await page.goto("/plain");
  await expect.poll(statuses).toBe(1);
  await setHidden(page, true);
  await page.clock.runFor(hour / 2);
  await setHidden(page, false);
  expect(ingress.statusRequests).toHaveLength(1);
  await setHidden(page, true);
  await page.clock.runFor(5 * hour);
  expect(ingress.statusRequests).toHaveLength(1);
  await setHidden(page, false);
  await expect.poll(statuses).toBe(2);
  // From here on it is hourly again.
  await page.clock.runFor(hour);
  await expect.poll(statuses).toBe(3);
});

test("asks after a sleep in which no timer ran", async ({ page }) => {
  await page.clock.install();
  const statuses = await countStatuses(page);
  await page.goto("/plain");
  await expect.poll(statuses).toBe(1);
  await setHidden(page, true);
  await page.clock.setSystemTime(Date.now() + 2 * hour);
  await setHidden(page, false);
  await expect.poll(statuses).toBe(2);
});

const failures = [
  { name: "a server that is away", answer: "nobody" },
  { name: "an error", answer: { code: 500, body: '{"warn":false,"message":""}' } },
  { name: "malformed JSON", answer: { code: 200, body: '{"warn":fal' } },
  { name: "a page instead of JSON", answer: { code: 200, body: "<!doctype html><p>Please log in</p>" } },
  { name: "another type of warn", answer: { code: 200, body: '{"warn":"no","message":""}' } },
  { name: "a missing message", answer: { code: 200, body: '{"warn":true}' } },
  { name: "null", answer: { code: 200, body: "null" } },
  { name: "a server that knows nothing yet", answer: { code: 200, body: '{"warn":false,"message":"","state":"unknown"}' } },
] as const;

for (const { name, answer } of failures) {
  test(`${name} changes nothing, neither while something is shown nor while nothing is`, async ({ page, ingress }) => {
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    await page.clock.install();
    const statuses = await countStatuses(page);
    ingress.answer = answer;
    await page.goto("/plain");
    await expect.poll(() => ingress.statusRequests.length).toBeGreaterThan(0);
    await expect(banner(page)).toHaveCount(0);
    ingress.answer = "service";
    await expect(async () => {
      await page.clock.runFor(60_000);
      await expect(banner(page)).toBeVisible({ timeout: 500 });
    }).toPass();
    ingress.answer = answer;
    const before = ingress.statusRequests.length;
    await page.clock.runFor(hour);
    await expect.poll(() => ingress.statusRequests.length).toBeGreaterThan(before);
    await expect(banner(page)).toContainText("will expire in 12 days");
    expect(await statuses()).toBe(1);
    expect(errors).toEqual([]);
  });
}

/** When the page asked, in its own time. */
async function recordAsks(page: Page): Promise<{ times: () => Promise<number[]>; settled: () => Promise<void> }> {
  await page.addInitScript(() => {
    const asks: { at: number; done: boolean }[] = ((window as unknown as { asks: unknown[] }).asks = [] as never[]);
    const { fetch } = window;
    window.fetch = async (...words) => {
      const ask = { at: Date.now(), done: false };
      asks.push(ask);
      try {
        return await fetch(...words);
      } finally {
        ask.done = true;
      }
    };
  });
  const asks = () => page.evaluate(() => (window as unknown as { asks: { at: number; done: boolean }[] }).asks);
  return {
    times: async () => (await asks()).map(({ at }) => at),
    settled: () => expect.poll(async () => (await asks()).every(({ done }) => done)).toBe(true),
  };
}

test("backs off while the server is away, up to the hour, and comes back with it", async ({ page, ingress }) => {
  await page.clock.install();
  const statuses = await countStatuses(page);
  const asks = await recordAsks(page);
  ingress.answer = "nobody";
  await page.goto("/plain");
  for (let minute = 0; minute < 240; minute++) {
    await page.clock.runFor(60_000);
    await asks.settled();
  }
  const times = await asks.times();
  const waits = times.slice(1).map((time, index) => (time - times[index]!) / 60_000);
  expect(waits.length).toBeGreaterThan(6);
  waits.forEach((wait, index) => {
    const longest = Math.min(2 ** (index + 1), 60);
    // A minute more, because a reply is waited for between two steps of the clock.
    expect(wait, `${waits}`).toBeLessThanOrEqual(longest + 1);
    expect(wait, `${waits}`).toBeGreaterThanOrEqual(0.75 * longest);
  });
  expect(await statuses()).toBe(0);
  ingress.answer = "service";
  // In steps that are shorter than the page's patience with a request.
  for (let step = 0; step < hour / 20_000; step++) {
    await page.clock.runFor(20_000);
    await asks.settled();
  }
  await expect(banner(page)).toBeVisible();
});

test("an element that asks often backs off too", async ({ page, ingress }) => {
  ingress.pages.set("/often", plainPage('<ohe-license-banner poll-seconds="1"></ohe-license-banner>'));
  await page.clock.install();
  ingress.answer = "nobody";
  await page.goto("/often");
  for (let second = 0; second < 60; second++) await page.clock.runFor(1_000);
  expect(ingress.statusRequests.length).toBeLessThan(8);
});

test("waits for a slow reply without asking again", async ({ page, ingress }) => {
  await page.clock.install();
  ingress.held = /license-status/;
  await page.goto("/plain");
  await expect.poll(() => ingress.paths.filter((path) => path.endsWith("license-status")).length).toBe(1);
  await page.clock.runFor(25_000);
  expect(ingress.paths.filter((path) => path.endsWith("license-status"))).toHaveLength(1);
  ingress.release();
  await expect(banner(page)).toBeVisible();
});
