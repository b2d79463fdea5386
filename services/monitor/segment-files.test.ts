import { readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { MemoryIndex } from "#core/performance/prediction-index.ts";
import { tempDir } from "../../test/support/temp.ts";
import { SegmentFiles } from "./segment-files.ts";

const key = { low: 5, high: 1 };

function rows(predicted: number) {
  const index = new MemoryIndex({ rowsMax: 16, scores: 1 });
  index.put({ storedMs: 1, timeMs: 1, version: 1, predicted, scores: [0.5] }, [key]);
  return index.state();
}

async function openIn(folder: string) {
  const problems: unknown[] = [];
  let names = 0;
  const uniqueName = () => {
    names += 1;
    return `s${names}`;
  };
  const onProblem = (problem: unknown) => problems.push(problem);
  const files = await SegmentFiles.make({ folder, uniqueName, onProblem });
  if (files === undefined) throw new Error("the folder can be made");
  return { files, problems };
}

it("keeps rows in files, and those alone that are still wanted", async () => {
  await using folder = await tempDir();
  const path = join(folder.path, "a", "b");
  const { files, problems } = await openIn(path);
  const written = [1, 2, 3].map((predicted) => files.write(rows(predicted)));
  expect(written.map((one) => one?.segment.find(key)?.row.predicted)).toEqual([1, 2, 3]);
  await files.sync();
  files.write(rows(4));
  await writeFile(join(path, "other"), "");
  await files.keepOnly(["s2"]);
  // The last one was written after the others were synced: nobody can have asked for it yet.
  expect((await readdir(path)).sort()).toEqual(["other", "s2.rows", "s4.rows"]);
  expect(files.open("s2")?.find(key)?.row.predicted).toBe(2);
  expect(problems).toEqual([]);
});

it("has no segment that was torn, changed or taken away, and says so", async () => {
  await using folder = await tempDir();
  const { files, problems } = await openIn(folder.path);
  const [first] = [1, 2, 3].map((predicted) => files.write(rows(predicted)));
  const pathOf = (name: string) => join(folder.path, `${name}.rows`);
  const bytes = await readFile(pathOf("s1"));
  await truncate(pathOf("s1"), bytes.length - 5);
  bytes[bytes.length - 1] = 1;
  await writeFile(pathOf("s2"), bytes);
  await rm(pathOf("s3"));
  expect(["s1", "s2", "s3"].map((name) => files.open(name))).toEqual([
    ...[undefined, undefined, undefined],
  ]);
  expect(problems).toHaveLength(3);
  await rm(pathOf("s1"));
  expect(first?.segment.find(key)).toBeUndefined();
  expect(problems).toHaveLength(4);
});

it("does without where nothing can be written", async () => {
  await using folder = await tempDir();
  await writeFile(join(folder.path, "file"), "");
  const problems: unknown[] = [];
  const onProblem = (problem: unknown) => problems.push(problem);
  const options = { folder: join(folder.path, "file", "x"), uniqueName: () => "s", onProblem };
  expect(await SegmentFiles.make(options)).toBeUndefined();
  const { files } = await openIn(folder.path);
  expect(files.write(rows(1))).toBeDefined();
  const again = await openIn(folder.path);
  expect(again.files.write(rows(1))).toBeUndefined();
  expect([problems.length, again.problems.length]).toEqual([1, 1]);
});
