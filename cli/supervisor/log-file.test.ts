import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { tempDir } from "../../test/support/temp.ts";
import { LogFile } from "./log-file.ts";

it("begins anew at every start and keeps the last one", async () => {
  await using folder = await tempDir();
  const path = join(folder.path, "a.log");
  for (const text of ["first", "second", "third"]) {
    using log = new LogFile(path);
    log.write(Buffer.from(text));
  }
  expect(await readFile(path, "utf8")).toBe("third");
  expect(await readFile(`${path}.1`, "utf8")).toBe("second");
});

it("never fills more than two files of 8 MiB", async () => {
  await using folder = await tempDir();
  const path = join(folder.path, "a.log");
  using log = new LogFile(path);
  const megabyte = Buffer.alloc(1024 * 1024, "x");
  for (let written = 0; written < 20; written += 1) log.write(megabyte);
  expect((await stat(path)).size).toBe(4 * megabyte.length);
  expect((await stat(`${path}.1`)).size).toBe(8 * megabyte.length);
});

it("stops nothing where it cannot be written", () => {
  using log = new LogFile("/nowhere/at/all.log");
  log.write(Buffer.from("lost"));
});
