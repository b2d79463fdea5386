import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { tempDir } from "../../test/support/temp.ts";
import { makeFolder } from "./make-folder.ts";

it("makes a folder and those above it, and leaves one that is there", async () => {
  await using folder = await tempDir();
  const path = join(folder.path, "a", "b", "c");
  await makeFolder(path, { mode: 0o700 });
  await makeFolder(path);
  const found = await stat(path);
  expect(found.isDirectory()).toBe(true);
  expect(found.mode & 0o777).toBe(0o700);
});

it("rejects where there is a file, or nothing can be made", async () => {
  await using folder = await tempDir();
  const file = join(folder.path, "file");
  await writeFile(file, "");
  await expect(makeFolder(file)).rejects.toThrow(/EEXIST/);
  await expect(makeFolder(join(file, "a"))).rejects.toThrow(/ENOTDIR/);
  await expect(makeFolder("/proc/nowhere/at/all")).rejects.toThrow(/ENOENT/);
});
