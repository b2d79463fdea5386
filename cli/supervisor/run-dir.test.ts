import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { tempDir } from "../../test/support/temp.ts";
import type { PlannedWorker } from "./plan.ts";
import { openRunDir } from "./run-dir.ts";

const wine: PlannedWorker = { model: "wine", version: 1, instance: "wine-1-0" };
const limit = 103 + "unix:".length;

it("keeps sockets in the data folder, for this user alone, and leaves nothing there", async () => {
  await using data = await tempDir();
  await mkdir(join(data.path, "run"));
  await writeFile(join(data.path, "run", "left.sock"), "");
  {
    await using runDir = await openRunDir(data.path, [wine]);
    expect(runDir.socketsOf(wine)).toEqual({
      address: `unix:${data.path}/run/wine-1-0.sock`,
      metrics: `unix:${data.path}/run/wine-1-0.metrics.sock`,
    });
    expect((await stat(runDir.path)).mode & 0o777).toBe(0o700);
    await expect(stat(join(runDir.path, "left.sock"))).rejects.toThrow(/ENOENT/);
  }
  await expect(stat(join(data.path, "run"))).rejects.toThrow(/ENOENT/);
});

it("moves to the temporary folder where paths would be too long for a socket", async () => {
  await using data = await tempDir();
  const deep = join(data.path, "x".repeat(90));
  await using runDir = await openRunDir(deep, [wine]);
  expect(runDir.path.startsWith(deep)).toBe(false);
  expect((await stat(runDir.path)).mode & 0o777).toBe(0o700);
  expect(runDir.socketsOf(wine).metrics.length).toBeLessThanOrEqual(limit);
});

it("numbers the sockets where even the names of the models are too long", async () => {
  await using data = await tempDir();
  const model = "m".repeat(64);
  const workers = [1, 2147483647].map((version) => ({
    model,
    version,
    instance: `${model}-${version}-0`,
  }));
  await using runDir = await openRunDir(join(data.path, "x".repeat(90)), workers);
  const paths = workers.flatMap((worker) => Object.values(runDir.socketsOf(worker)));
  expect(new Set(paths).size).toBe(4);
  for (const path of paths) expect(path.length).toBeLessThanOrEqual(limit);
});
