import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { Demo } from "./demo.ts";
import { environment } from "./environment.ts";

/** `ohe-telemetry serve` over the database of a demo, for pages of one other origin; and how to stop it. */
export async function serveFor(origin: string, demo: Demo): Promise<{ url: string; stop: () => Promise<void> }> {
  const address = `127.0.0.1:${await freePort()}`;
  const program = spawn(environment.program, ["serve", "--no-jobs"], {
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      DATABASE_URL: demo.databaseUrl,
      KEYCLOAK_SERVER_URL: "http://127.0.0.1:8080",
      KEYCLOAK_REALM_NAME: "openhands",
      GITHUB_APP_CLIENT_ID: "demo",
      TELEMETRY_BIND: address,
      TELEMETRY_CORS_ORIGINS: origin,
    },
  });
  let printed = "";
  program.stderr.setEncoding("utf8").on("data", (text: string) => (printed += text));
  const url = `http://${address}`;
  const stop = async () => {
    if (program.exitCode !== null) return;
    const ended = once(program, "exit");
    program.kill("SIGINT");
    await ended;
  };
  const deadline = performance.now() + 30_000;
  while (performance.now() < deadline && program.exitCode === null) {
    const answer = await fetch(`${url}/api/license-status`).catch(() => undefined);
    // It answers at once, and knows the license once it has read the facts.
    if (answer?.ok && (await answer.json()).warn) return { url, stop };
    await pause(50);
  }
  await stop();
  throw new Error(`no warning from ${url}:\n${printed}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
