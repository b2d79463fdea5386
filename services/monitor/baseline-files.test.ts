import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { baselineJson, watchedRepository } from "../../test/support/monitor.ts";
import { evenly, sampleBaseline } from "../../test/support/prediction-events.ts";
import { BaselineFiles } from "./baseline-files.ts";
import { Definitions } from "./definitions.ts";

it("reads a file again that has changed, once it stays as it is", async () => {
  await using repository = await watchedRepository(1000);
  const { path } = repository;
  const files = new BaselineFiles("wine", await Definitions.open(path, () => {}));
  expect((await files.readAll([1, 1])).size).toBe(1);
  const changed = async () => [...(await files.readChanged())];
  expect(await changed()).toEqual([]);
  await write(path, "half of a fi");
  expect(await changed()).toEqual([]);
  await write(path, baselineJson(sampleBaseline(evenly(500))));
  expect(await changed()).toEqual([]);
  expect(await changed()).toMatchObject([[1, { reference: { rows: 500 } }]]);
  expect(await changed()).toEqual([]);
});

it("notices a file that appears, and none of a version it looks after no more", async () => {
  await using repository = await watchedRepository(1000);
  const { path } = repository;
  const files = new BaselineFiles("wine", await Definitions.open(path, () => {}));
  expect(await files.read(7)).toMatchObject({ problem: "it has no baseline.json" });
  files.forget((version) => version === 7);
  expect((await files.readAll([1])).get(1)?.kind).toBe("reference");
  await write(path, baselineJson(sampleBaseline(evenly(500))));
  await files.readChanged();
  files.forget((version) => version === 1);
  expect((await files.readChanged()).size).toBe(0);
});

async function write(path: string, text: string): Promise<void> {
  await writeFile(join(path, "wine", "1", "baseline.json"), text);
}
