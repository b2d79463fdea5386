import { readdirSync, readFileSync } from "node:fs";

const root = new URL("../../", import.meta.url);
const folders = ["lib", "gateway", "services", "cli", "deploy", "proto/gen"];

export type SourceFile = { readonly path: string; readonly text: string };

/** Every TypeScript file that runs in production. */
export function productSources(): SourceFile[] {
  return folders.flatMap((folder) => {
    const names = readdirSync(new URL(folder, root), { recursive: true, encoding: "utf8" });
    return names
      .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
      .map((name) => `${folder}/${name}`)
      .map((path) => ({ path, text: readFileSync(new URL(path, root), "utf8") }));
  });
}
