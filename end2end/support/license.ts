import { expect, hydrated, test } from "./test.ts";
import type { Scenario } from "./demo.ts";

/** The license status as `GET /api/license-status` answers it. */
interface LicenseStatus {
  state: string;
  warn: boolean;
  message: string;
}

/** What the overview must say of a license: the word of its badge, and its headline. */
export interface Expected {
  state: string;
  badge: string;
  headline: RegExp;
}

/** Declares the tests of one scenario: the overview says what the API says, drawn by the server and in the browser. */
export function overviewShowsLicense(scenario: Scenario, expected: Expected): void {
  for (const javaScriptEnabled of [false, true]) {
    test.describe(`${scenario}, JavaScript ${javaScriptEnabled ? "on" : "off"}`, () => {
      test.use({ javaScriptEnabled });

      test("the overview says what users see", async ({ page, request }) => {
        const status: LicenseStatus = await (await request.get("/api/license-status")).json();
        expect(status.state).toBe(expected.state);
        await page.goto("/admin");
        if (javaScriptEnabled) await hydrated(page);
        await expect(page.getByRole("heading", { name: `License ${expected.badge}` })).toBeVisible();
        await expect(page.getByText(expected.headline)).toBeVisible();
        const shown = page.getByRole("blockquote");
        if (status.warn) await expect(shown).toHaveText(status.message);
        else await expect(shown).toHaveCount(0);
      });
    });
  }
}
