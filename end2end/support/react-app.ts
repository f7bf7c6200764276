import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "vite";
import { environment } from "./environment.ts";

/** The application in `react-app`. */
export const application = resolve(import.meta.dirname, "../react-app");
const built = resolve(import.meta.dirname, "../../frontend/banner/pkg");

/** Puts the package into the application's node_modules as npm does: what `npm pack` packs, unpacked. */
export function installPackage(): void {
  const installed = join(application, "node_modules/@ohe/license-banner");
  const packed = join(environment.target, "npm");
  for (const directory of [installed, packed]) {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
  }
  execFileSync("npm", ["pack", built, "--pack-destination", packed, "--silent"], { stdio: ["ignore", "ignore", "inherit"] });
  const archive = readdirSync(packed)[0]!;
  execFileSync("tar", ["--extract", "--gzip", "--strip-components=1", "--directory", installed, "--file", join(packed, archive)]);
}

/** Builds the application as for production; the folder of its files. */
export async function buildApplication(): Promise<string> {
  const folder = join(environment.target, "react-app");
  await build({ root: application, build: { outDir: folder, emptyOutDir: true } });
  return folder;
}
