import { expect } from "@playwright/test";
import { Client } from "pg";
import type { Demo } from "./demo.ts";

/** A license as the rule has it. */
export type License = { state: "ok" | "pending" | "expired" } | { state: "expiring"; days: number };

/** Makes the license of a demo what a test wants, by the rows that the rule looks at. */
export class LicenseDatabase {
  private set: string | undefined;

  constructor(private readonly demo: Demo) {}

  /** Sets it, and waits until the service answers so. */
  async be(license: License): Promise<void> {
    const wanted = JSON.stringify(license);
    if (this.set === wanted) return;
    await this.write(license);
    const answer = async () => (await fetch(`${this.demo.url}/api/license-status`)).json();
    const days = license.state === "expiring" ? { days_until_expiration: license.days } : {};
    await expect.poll(answer, { timeout: 15_000 }).toMatchObject({ state: license.state, ...days });
    this.set = wanted;
  }

  private async write(license: License): Promise<void> {
    const { hostname, port, username, pathname } = new URL(this.demo.databaseUrl);
    const client = new Client({
      host: decodeURIComponent(hostname),
      port: Number(port),
      user: username,
      database: pathname.slice(1),
    });
    await client.connect();
    // All batches were delivered long ago, but for one, which has waited for so many days.
    const delivered = "UPDATE telemetry_metrics SET uploaded_at = now() - interval '50 days', collected_at = now() - interval '51 days'";
    const waits = async (days: number) => {
      const one = "(SELECT id FROM telemetry_metrics ORDER BY id LIMIT 1)";
      const sql = `UPDATE telemetry_metrics SET uploaded_at = NULL, collected_at = now() - make_interval(secs => $1) WHERE id = ${one}`;
      await client.query(sql, [days * 86_400]);
    };
    try {
      await client.query("BEGIN");
      await client.query(delivered);
      if (license.state === "ok") await client.query("UPDATE telemetry_metrics SET uploaded_at = now()");
      if (license.state === "expired") await waits(40);
      // In the middle of the day, so that it stays the same for the test.
      if (license.state === "expiring") await waits(34 - license.days + 0.5);
      if (license.state === "pending") {
        await client.query("UPDATE telemetry_metrics SET uploaded_at = NULL, collected_at = now() - interval '10 days'");
      }
      await client.query("COMMIT");
    } finally {
      await client.end();
    }
  }
}
