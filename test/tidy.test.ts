import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type RepositoryFile, rules } from "./tidy/rules.ts";

const root = new URL("..", import.meta.url);
const textual = /\.(ts|js|json|md|ya?ml|proto|py|sh|txt|html|css)$|(^|\/)[A-Z]\w*$|^\.[a-z]/;

describe("the repository's own rules", () => {
  const files = trackedFiles();

  it.each(rules)("$name", ({ breaches }) => {
    expect(breaches(files)).toEqual([]);
  });

  it.each(rules)("would notice a breach of: $name", ({ breaches, counterexample }) => {
    expect(breaches(counterexample)).not.toEqual([]);
  });
});

/** Every file git knows or would take; those that are not text with no text. */
function trackedFiles(): RepositoryFile[] {
  const listed = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { cwd: root });
  return listed
    .toString()
    .split("\n")
    .filter((path) => path !== "" && exists(path))
    .map((path) => ({
      path,
      text: textual.test(path) ? readFileSync(new URL(path, root), "utf8") : "",
    }));
}

/** False for what git still lists but the working tree no longer has. */
function exists(path: string): boolean {
  return statSync(new URL(path, root), { throwIfNoEntry: false })?.isFile() === true;
}
