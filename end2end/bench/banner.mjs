// Measures the license banner beside an equal React component, and prints one line of JSON: sizes in bytes of brotli, and
// the median milliseconds from the start of a navigation to a visible banner, over loopback and with an empty cache.
//
// Needs `cargo xtask npm-package`, for the files of a release. `CHROMIUM_PROGRAM` and `TARGET_DIRECTORY` as for the tests.
import { chromium } from "@playwright/test";
import { build } from "esbuild";
import { once } from "node:events";
import { readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { join, resolve } from "node:path";
import { brotliCompressSync } from "node:zlib";

const rounds = 21;
const here = import.meta.dirname;
const target = process.env.TARGET_DIRECTORY ?? resolve(here, "../../target");
const site = join(target, "wasm/release/banner");

/** The words of frontend/banner, so that both carry the same. */
function wordings() {
  const source = readFileSync(resolve(here, "../../frontend/banner/src/language/wordings.rs"), "utf8");
  const categories = { 1: ["other"], 2: ["one", "other"], 3: ["one", "few", "many"], 5: ["one", "two", "few", "many", "other"] };
  return source.split("    Language {\n").slice(1).map((block) => {
    // In the order of the struct's fields; the days have one to five forms.
    const literals = [...block.matchAll(/"([^"]*)"/g)].map(([, text]) => text);
    const [tag, direction, close, pending, before, after] = literals;
    const [forms, expired] = [literals.slice(6, -1), literals.at(-1)];
    const counted = (form) => (/^(يوم واحد|يومين)$/.test(form) ? form : `#${form}`);
    const days = Object.fromEntries(forms.map((form, index) => [categories[forms.length][index], counted(form)]));
    return { tag, direction, close, pending, expiring: [before, after], expired, days };
  });
}

async function reactBundle() {
  const words = { name: "wordings", setup: (esbuild) => {
    esbuild.onResolve({ filter: /^wordings$/ }, () => ({ path: "wordings", namespace: "wordings" }));
    esbuild.onLoad({ filter: /.*/, namespace: "wordings" }, () => ({ contents: JSON.stringify(wordings()), loader: "json" }));
  } };
  const { outputFiles } = await build({
    entryPoints: [join(here, "react-banner.jsx")],
    bundle: true, minify: true, write: false, format: "esm", target: "es2022", charset: "utf8", jsx: "automatic",
    loader: { ".css": "text" }, define: { "process.env.NODE_ENV": '"production"' }, plugins: [words],
  });
  return outputFiles[0].contents;
}

const compressed = new Map([["/react.js", brotliCompressSync(await reactBundle())]]);
const sizes = { loader: 0, glue: 0, wasm: 0 };
for (const name of readdirSync(site).filter((name) => name.endsWith(".br"))) {
  const content = readFileSync(join(site, name));
  const part = name.startsWith("license-banner") ? "loader" : name.endsWith(".js.br") ? "glue" : "wasm";
  sizes[part] = content.length;
  compressed.set(part === "loader" ? "/banner/license-banner.js" : `/banner/${name.slice(0, -3)}`, content);
}

const page = (body) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>Page</title><link rel="icon" href="data:,">${body}`;
const pages = new Map([
  ["/element", page('<script type="module" src="/banner/license-banner.js"></script><ohe-license-banner></ohe-license-banner>')],
  ["/react", page('<script type="module" src="/react.js"></script><div id="root"></div>')],
]);
const status = JSON.stringify({
  warn: true,
  message: "Your OpenHands Enterprise license will expire in 12 days. Please contact support if this issue persists.",
  state: "expiring", expires_at: "2030-01-01T00:00:00Z", days_until_expiration: 12,
});
const server = createServer(({ url }, reply) => {
  if (pages.has(url)) reply.writeHead(200, { "content-type": "text/html" }).end(pages.get(url));
  else if (url === "/api/license-status") reply.writeHead(200, { "content-type": "application/json" }).end(status);
  else if (compressed.has(url)) {
    const type = url.endsWith(".wasm") ? "application/wasm" : "text/javascript";
    reply.writeHead(200, { "content-type": type, "content-encoding": "br" }).end(compressed.get(url));
  } else reply.writeHead(404).end();
}).listen(0, "127.0.0.1");
await once(server, "listening");

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PROGRAM ?? "/usr/bin/chromium",
  args: ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])],
});

/** A banner that was drawn, which the message that the loader shows without WebAssembly is not. */
const drawn = "[role=alert]:has(svg)";
const patience = 15_000;

/** Milliseconds until the first frame with a banner of some height. */
async function visibleAfter(path) {
  const context = await browser.newContext();
  const tab = await context.newPage();
  await tab.goto(`http://127.0.0.1:${server.address().port}${path}`, { waitUntil: "commit" });
  const milliseconds = await tab.evaluate(([drawn, patience]) => new Promise((resolve, reject) => {
    const look = () => {
      if (performance.now() > patience) return reject(new Error("no banner was drawn"));
      const root = document.querySelector("ohe-license-banner")?.shadowRoot ?? document;
      const height = root.querySelector(drawn)?.getBoundingClientRect().height;
      height > 0 ? resolve(performance.now()) : requestAnimationFrame(look);
    };
    look();
  }), [drawn, patience]);
  await context.close();
  return milliseconds;
}

const times = { "/element": [], "/react": [] };
for (const path of Object.keys(times)) await visibleAfter(path);
for (let round = 0; round < rounds; round++) for (const path of Object.keys(times)) times[path].push(await visibleAfter(path));
await browser.close();
server.close();

const median = (values) => values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)];
const total = sizes.loader + sizes.glue + sizes.wasm;
const react = compressed.get("/react.js").length;
const [element, component] = [median(times["/element"]), median(times["/react"])];
console.log(JSON.stringify({
  loader_bytes: sizes.loader, glue_bytes: sizes.glue, wasm_bytes: sizes.wasm, total_bytes: total, react_bytes: react,
  size_ratio: total / react, visible_ms: element, react_visible_ms: component,
}));
