// Imports the file it is given, and says how many modules that took, and of which packages.
import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";

const packages = new Set();
let modules = 0;
registerHooks({
  load(url, context, next) {
    if (!url.startsWith("node:")) modules += 1;
    const name = /node_modules\/((?:@[^/]+\/)?[^/]+)(?!.*node_modules)/.exec(url)?.[1];
    if (name !== undefined) packages.add(name);
    return next(url, context);
  },
});
await import(pathToFileURL(process.argv.at(-1)).href);
const hasFetch = process.moduleLoadList.some((name) => name.includes("undici"));
process.stdout.write(JSON.stringify({ modules, packages: [...packages], hasFetch }));
