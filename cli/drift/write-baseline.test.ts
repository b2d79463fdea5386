import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { formatBaseline, parseBaseline } from "#wire/baseline.ts";
import { evenly, sampleBaseline } from "../../test/support/prediction-events.ts";
import { tempDir } from "../../test/support/temp.ts";
import { inheritFrom, writeWhole } from "./write-baseline.ts";

const trained = sampleBaseline();
const served = {
  ...sampleBaseline(evenly(10)),
  source: { since: "2026-11-25T00:00:00Z", until: "2026-11-26T00:00:00Z", share: 0.5 },
};

it("keeps what is declared of features, and what it was calibrated by", async () => {
  await using folder = await tempDir();
  const path = join(folder.path, "baseline.json");
  expect(await inheritFrom(path, served)).toEqual(served);
  const [x] = trained.features;
  if (x === undefined) throw new Error("it has one");
  const before = {
    ...trained,
    features: [{ ...x, constraints: { min: -2 } }],
    vocabulary: "words",
  };
  await writeFile(path, formatBaseline(before));
  const kept = await inheritFrom(path, served);
  expect(kept).toMatchObject({ rows: 10, vocabulary: "words", source: served.source });
  expect(kept.features).toMatchObject([{ constraints: { min: -2 }, moments: { min: -1 } }]);
  const other = { ...served, digest: "e".repeat(64) };
  expect(await inheritFrom(path, other)).toEqual(other);
});

it("says where it is from, and is read so", () => {
  expect(parseBaseline(formatBaseline(served)).source).toEqual(served.source);
  expect(parseBaseline(formatBaseline(trained)).source).toBeUndefined();
});

it("replaces a file at once, and leaves nothing beside it", async () => {
  await using folder = await tempDir();
  const shell = {} as Parameters<typeof writeWhole>[0];
  const path = join(folder.path, "baseline.json");
  for (const text of ["one", "two"]) await writeWhole(shell, { path, isHome: true, text });
  expect(await readFile(path, "utf8")).toBe("two");
  expect(await readdir(folder.path)).toEqual(["baseline.json"]);
  const nowhere = join(folder.path, "no", "baseline.json");
  await expect(writeWhole(shell, { path: nowhere, isHome: true, text: "" })).rejects.toThrow(
    `cannot write ${nowhere}`,
  );
});
