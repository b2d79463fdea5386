import { homedir } from "node:os";
import { join, resolve } from "node:path";

export function toCacheDir(env) {
  const caches = env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  return resolve(env["SLUICE_CACHE"] || join(caches, "sluice"));
}
