import { join } from "node:path";
import { expect, it } from "vitest";
import { tempDir } from "../../test/support/temp.ts";
import { openCompileCache } from "./compile-cache.ts";

it("is filled by one process before all of them use it", async () => {
  await using folder = await tempDir();
  const first = await openCompileCache(folder.path);
  expect(first).toMatchObject({ folder: join(folder.path, "compiled") });
  expect(first.folderForOthers).toBeUndefined();
  await first.markFilled();
  const second = await openCompileCache(folder.path);
  expect(second.folderForOthers).toBe(first.folder);
});

it("does without where the folder cannot be written", async () => {
  const cache = await openCompileCache("/dev/null");
  await cache.markFilled();
  expect(cache.folderForOthers).toBeUndefined();
});
