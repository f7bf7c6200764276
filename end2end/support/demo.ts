import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { environment } from "./environment.ts";

/** The stories that the demo can tell. */
export const scenarios = ["healthy", "fresh", "failing", "expired"] as const;
export type Scenario = (typeof scenarios)[number];

/** A cold start writes half a year of sample data first. */
const startLimit = 120_000;

/** A running `ohe-telemetry demo` with a database of its own. */
export class Demo {
  private constructor(
    /** The address of the web server, without a path. */
    readonly url: string,
    private readonly program: ChildProcess,
    private readonly directory: string,
    private readonly printed: string[],
  ) {}

  /** Starts the program and waits until it is ready. */
  static async start(scenario: Scenario): Promise<Demo> {
    const directory = await mkdtemp(join(tmpdir(), "ohe-telemetry-end2end-"));
    // Where we are root, the database runs as another user, who has to come through.
    await chmod(directory, 0o711);
    const port = await freePort();
    const words = ["demo", "--scenario", scenario, "--port", `${port}`, "--data-dir", join(directory, "data")];
    const program = spawn(environment.program, words, { stdio: ["ignore", "pipe", "pipe"] });
    const printed: string[] = [];
    for (const stream of [program.stdout, program.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => printed.push(text));
    }
    const demo = new Demo(`http://127.0.0.1:${port}`, program, directory, printed);
    try {
      await demo.ready();
    } catch (error) {
      await demo.stop();
      throw error;
    }
    return demo;
  }

  /** What the program has printed so far. */
  output(): string {
    return this.printed.join("");
  }

  /** The address of the database, as the program says it. */
  get databaseUrl(): string {
    const address = /psql '([^']+)'/.exec(this.output())?.[1];
    if (address === undefined) throw new Error(`the demo names no database:\n${this.output()}`);
    return address;
  }

  /** Stops the program as Ctrl-C does, waits for its end and removes its data. */
  async stop(): Promise<void> {
    if (this.program.pid !== undefined && this.program.exitCode === null && this.program.signalCode === null) {
      const ended = once(this.program, "exit");
      this.program.kill("SIGINT");
      await ended;
    }
    await rm(this.directory, { recursive: true, force: true });
  }

  private async ready(): Promise<void> {
    // An event emitter that nobody listens to throws; a program that cannot be started has no exit code.
    let failure: Error | undefined;
    this.program.on("error", (error) => (failure = error));
    const deadline = performance.now() + startLimit;
    while (performance.now() < deadline) {
      if (failure !== undefined || this.program.exitCode !== null) {
        throw new Error(`${environment.program} ended at its start:\n${this.output()}`, { cause: failure });
      }
      const answer = await fetch(`${this.url}/health/ready`).catch(() => undefined);
      if (answer?.ok) return;
      await pause(50);
    }
    throw new Error(`not ready within ${startLimit / 1000} s:\n${this.output()}`);
  }
}

/** A port that is free now, and the next one too: the demo's vendor listens there. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = await listenable(0);
    if (port !== undefined && (await listenable(port + 1)) !== undefined) return port;
  }
}

/** The port, if it can be listened at; 0 is any. */
async function listenable(port: number): Promise<number | undefined> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  } catch {
    return undefined;
  } finally {
    server.close();
  }
}
