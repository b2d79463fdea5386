#!/usr/bin/env node
// This file and the folder of caches are plain JavaScript: what has not been compiled before is
// TypeScript for a parser that takes 80 ms to load, and where it is kept is only known then.
import module from "node:module";
import { join } from "node:path";
import { toCacheDir } from "./cache-dir.js";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
// An older Node would stumble over the first file it cannot parse.
if (major < 24 || (major === 24 && minor < 12)) {
  process.stderr.write(
    `sluice: this is Node ${process.versions.node}, which is older than 24.12; \`npx sluice …\` ` +
      "and `npm run sluice -- …` take the Node that `npm ci` has installed\n",
  );
  process.exitCode = 1;
} else {
  // Half of what a command costs is compiling its imports; a cache that cannot be written is none.
  module.enableCompileCache(join(toCacheDir(process.env), "compiled"));
  const { runProgram } = await import("./program.ts");
  await runProgram(process.argv.slice(2));
}
