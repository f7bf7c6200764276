import { once } from "node:events";
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer, request as ask, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";

/** What became of a request for the license status. */
export interface StatusRequest {
  /** The entity tag that the browser sent along. */
  etag: string | undefined;
  /** The status code of the reply; 0 where there was none. */
  code: number;
}

/**
 * What answers a request for the license status: the service, nobody (the connection breaks), one that never answers,
 * or something that is no license status, with its status code.
 */
export type Answer = "service" | "nobody" | "silence" | { code: number; body: string };

const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".wasm": "application/wasm",
};

/** The web server in front of OHE: it has pages of its own, passes the rest to the service, and sees all that passes. */
export class Ingress {
  /** Requests for the license status, in order. */
  readonly statusRequests: StatusRequest[] = [];
  /** Paths of all requests, in order. */
  readonly paths: string[] = [];
  answer: Answer = "service";
  /** Replaces the Content-Security-Policy of every page. */
  policy: string | undefined;
  /** Pages by path. */
  readonly pages = new Map<string, string>();
  /** A folder of files, and the page that stands in for every path which is none of them. */
  folder: string | undefined;
  /** Requests of these paths wait until `release`. */
  held: RegExp | undefined;
  private waiting: (() => void)[] = [];

  private constructor(
    private readonly service: string,
    private readonly server: Server,
  ) {}

  /** Starts it in front of the service at the address `service`. */
  static async start(service: string): Promise<Ingress> {
    const server = createServer();
    const ingress = new Ingress(service, server);
    server.on("request", (request, reply) => ingress.handle(request, reply));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return ingress;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Lets through what waits, and holds nothing more. */
  release(): void {
    this.held = undefined;
    for (const go of this.waiting.splice(0)) go();
  }

  async stop(): Promise<void> {
    this.release();
    const closed = once(this.server, "close");
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  private handle(request: IncomingMessage, reply: ServerResponse): void {
    const path = new URL(request.url ?? "/", this.url).pathname;
    this.paths.push(path);
    if (this.held?.test(path)) this.waiting.push(() => this.serve(path, request, reply));
    else this.serve(path, request, reply);
  }

  private serve(path: string, request: IncomingMessage, reply: ServerResponse): void {
    if (path === "/api/license-status") this.status(request, reply);
    else if (this.pages.has(path)) this.page(reply, this.pages.get(path)!);
    else if (/^\/(banner|sample|admin)(\/|$)/.test(path) || this.folder === undefined) this.pass(request, reply);
    else this.file(path, reply, this.folder);
  }

  private status(request: IncomingMessage, reply: ServerResponse): void {
    const seen: StatusRequest = { etag: request.headers["if-none-match"], code: 0 };
    this.statusRequests.push(seen);
    if (this.answer === "nobody") request.socket.destroy();
    else if (this.answer === "service") this.pass(request, reply, (code) => (seen.code = code));
    else if (this.answer !== "silence") {
      seen.code = this.answer.code;
      reply.writeHead(this.answer.code, { "content-type": "application/json" }).end(this.answer.body);
    }
  }

  private page(reply: ServerResponse, html: string): void {
    const policy = this.policy === undefined ? {} : { "content-security-policy": this.policy };
    reply.writeHead(200, { "content-type": types[".html"], ...policy }).end(html);
  }

  private file(path: string, reply: ServerResponse, folder: string): void {
    const asked = join(folder, path);
    const file = existsSync(asked) && statSync(asked).isFile() ? asked : join(folder, "index.html");
    reply.writeHead(200, { "content-type": types[extname(file)] ?? "application/octet-stream" });
    createReadStream(file).pipe(reply);
  }

  private pass(request: IncomingMessage, reply: ServerResponse, seen = (_code: number): void => {}): void {
    const { method, headers } = request;
    const passed = ask(new URL(request.url ?? "/", this.service), { method, headers }, (answer) => {
      seen(answer.statusCode ?? 0);
      const headers = { ...answer.headers };
      if (this.policy !== undefined) headers["content-security-policy"] = this.policy;
      reply.writeHead(answer.statusCode ?? 502, headers);
      answer.pipe(reply);
    });
    passed.on("error", () => reply.destroy());
    request.pipe(passed);
  }
}
