import { execFile } from "node:child_process";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));

type Lock = { readonly packages: Readonly<Record<string, { dependencies?: object }>> };

/** Packs the client into the folder; gives the tarball's path. */
export async function packClient(folder: string): Promise<string> {
  const script = join(root, "client", "pack.sh");
  const { stdout } = await run("sh", [script, folder], { env: process.env });
  return stdout.trim();
}

/**
 * Makes a project that has nothing but the client, installed by npm from its tarball. What the
 * client depends on comes from this repository's own installation, so that no registry is asked.
 */
export async function makeClientProject(folder: string, tarball: string): Promise<void> {
  const manifest = { name: "empty", version: "1.0.0", private: true, type: "module" };
  await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
  const lock = JSON.parse(await readFile(join(root, "package-lock.json"), "utf8")) as Lock;
  const { dependencies } = JSON.parse(
    await readFile(join(root, "client", "package.json"), "utf8"),
  ) as { dependencies: object };
  for (const path of closureOf(lock, Object.keys(dependencies))) {
    await mkdir(join(folder, path), { recursive: true });
    await cp(join(root, path), join(folder, path), { recursive: true });
  }
  const flags = ["--offline", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"];
  await run("npm", ["install", ...flags, tarball], { cwd: folder });
}

/** Where the lock file has these packages and what they need. */
function closureOf(lock: Lock, names: readonly string[]): Set<string> {
  const found = new Set<string>();
  const pending = names.map((name) => `node_modules/${name}`);
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    const needed = Object.keys(lock.packages[path]?.dependencies ?? {});
    for (const name of needed) {
      const own = `${path}/node_modules/${name}`;
      pending.push(own in lock.packages ? own : `node_modules/${name}`);
    }
  }
  return found;
}
