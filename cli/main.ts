#!/usr/bin/env node
// Nothing is imported before the check: an older Node would stumble over the first file it cannot
// parse.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 24 || (major === 24 && minor < 12)) {
  process.stderr.write(
    `sluice: this is Node ${process.versions.node}, which is older than 24.12; \`npx sluice …\` ` +
      "and `npm run sluice -- …` take the Node that `npm ci` has installed\n",
  );
  process.exitCode = 1;
} else {
  const [{ enableCompileCache }, { join }, { toCacheDir }] = await Promise.all([
    import("node:module"),
    import("node:path"),
    import("./supervisor/config.ts"),
  ]);
  // Half of what a command costs is compiling its imports; a cache that cannot be written is none.
  enableCompileCache(join(toCacheDir(process.env), "compiled"));
  const { runProgram } = await import("./program.ts");
  await runProgram(process.argv.slice(2));
}
