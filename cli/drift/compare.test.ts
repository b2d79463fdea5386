import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toPlace } from "../bulk/format.ts";
import { compareFiles } from "./compare.ts";
import { readWatchedVersion } from "./model-columns.ts";

type Sample = {
  readonly name: string;
  readonly type: "number" | "category";
  readonly dtype: string;
  readonly baseline: (number | string)[];
  readonly current: (number | string)[];
  readonly statistics: Readonly<Record<string, { readonly value: number }>>;
};

const models = new URL("../../models/", import.meta.url).pathname;
const vectors = new URL("../../test/vectors/drift/statistics.json", import.meta.url);
const { samples }: { samples: Sample[] } = JSON.parse(await readFile(vectors, "utf8"));
const doubles = samples.filter(({ dtype }) => dtype !== "FP32");

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-compare-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(["csv", "parquet"])("files of %s", (format) => {
  it.each(doubles)("agree with numpy and scipy: $name", async (sample) => {
    const [baseline, current] = await Promise.all([
      write(format, "baseline", sample.baseline),
      write(format, "current", sample.current),
    ]);
    const { features } = await compare(baseline, current);
    const [found] = features;
    expect(found?.type).toBe(sample.type);
    const values = Object.values(sample.statistics).map(({ value }) => value);
    expect(found?.statistics).toHaveLength(values.length);
    for (const [place, { id, value }] of (found?.statistics ?? []).entries()) {
      expect([id, Math.abs(value - (values[place] ?? Number.NaN)) < 1e-9]).toEqual([id, true]);
    }
  });
});

describe("without a model", () => {
  it("takes a column for a category where any value spells no number", async () => {
    const baseline = await file("guess.csv", "a,b\n1,1\n2,2\n,x\n");
    const { features, leftOut } = await compare(baseline, await file("n.csv", "b,a,c\n1,oops,1\n"));
    expect(features.map(({ name, type }) => [name, type])).toEqual([
      ["a", "number"],
      ["b", "category"],
    ]);
    expect(features[0]?.quality.typeErrors).toBe(1);
    expect(leftOut).toEqual(["c"]);
  });

  it("counts what is missing and what no bin holds", async () => {
    const baseline = await file("q.csv", "a,t\n1,x\n2,y\n");
    const current = await file("r.csv", "a,t\n,z\nNaN,\n-inf,x\ninf,x\n1,x\n");
    const { features } = await compare(baseline, current);
    expect(features[0]?.quality).toMatchObject({ nulls: 1, nans: 1, posInf: 1, negInf: 1 });
    expect(features[1]?.quality).toMatchObject({ nulls: 1, unseen: 1 });
  });

  it("cuts numbers into as many bins as are asked for", async () => {
    const baseline = await write("csv", "many", [...Array(200).keys()]);
    const { features } = await compare(baseline, baseline, { bins: 20 });
    const ids = features[0]?.statistics.map(({ id }) => id);
    expect(ids).toEqual([
      ...["psi.q20.half", "js2.q20", "hellinger2.q20", "linf.q20", "chi2.q20"],
      ...["ks.q20", "w1.q20", "w1sd.q20"],
    ]);
  });

  it.each([
    ["a\n1\n", "b\n1\n", /have no column in common: "a" and "b"$/],
    ["", "b\n1\n", /is empty$/],
    ["a\n1\n", "a\n", /has no rows$/],
  ])("says what is wrong with %j and %j", async (one, other, problem) => {
    const compared = compare(await file("one.csv", one), await file("other.csv", other));
    await expect(compared).rejects.toThrow(problem);
  });

  it("says when a file is not there", async () => {
    const there = await file("there.csv", "a\n1\n");
    await expect(compare(there, join(folder, "not.csv"))).rejects.toThrow(/there is no/);
  });
});

describe("with a model", () => {
  const examples = join(models, "credit", "examples.csv");

  it("takes its features and outputs in their data types, by its thresholds", async () => {
    const model = await readWatchedVersion(models, { model: "credit", version: undefined });
    const { verdict, features, leftOut } = await compare(examples, examples, { model });
    expect(verdict).toBe("ok");
    expect(features.map(({ name, type }) => `${name} ${type}`)).toEqual([
      ...["age number", "income number", "employment category", "employment_years number"],
      ...["home category", "purpose category", "amount number", "term_months number"],
      ...["debt_ratio number", "late_payments number", "label category"],
      ...["probabilities.approved number", "probabilities.denied number"],
    ]);
    expect(leftOut).toEqual(["split", "actual"]);
  });

  it("refuses files without its features", async () => {
    const model = await readWatchedVersion(models, { model: "wine", version: 1 });
    const compared = compare(examples, examples, { model });
    await expect(compared).rejects.toThrow(/no columns for the features "alcohol", .* of wine@1$/);
  });

  it("says which value of a column of numbers is none", async () => {
    const model = await readWatchedVersion(models, { model: "diabetes", version: 1 });
    const text = await readFile(join(models, "diabetes", "examples.csv"), "utf8");
    const bad = await file("bad.csv", text.replace(/\n[^,]*,/, "\nold,"));
    const compared = compare(bad, bad, { model });
    await expect(compared).rejects.toThrow(/bad.csv: row 1: column "age" takes numbers, got "old"/);
  });

  it("says when there is no such model or version", async () => {
    const read = (model: string, version: number) => readWatchedVersion(models, { model, version });
    await expect(read("wine", 9)).rejects.toThrow(/there is no .*wine.9.model.onnx/);
    const none = readWatchedVersion(models, { model: "none", version: undefined });
    await expect(none).rejects.toThrow(/there is no model none/);
  });
});

type Others = Partial<Pick<Parameters<typeof compareFiles>[0], "model" | "bins">>;

async function compare(baseline: string, current: string, { model, bins }: Others = {}) {
  return await compareFiles({
    baseline: toPlace(baseline, undefined, ""),
    current: toPlace(current, undefined, ""),
    ...{ model, bins, onProgress: () => {} },
  });
}

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

async function write(format: string, name: string, values: (number | string)[]): Promise<string> {
  const path = join(folder, `${name}.${format}`);
  const type = typeof values[0] === "string" ? "STRING" : "DOUBLE";
  const bytes = () => parquetWriteBuffer({ columnData: [{ name: "x", data: values, type }] });
  const text = () => `x\n${values.join("\n")}\n`;
  await writeFile(path, format === "csv" ? text() : new Uint8Array(bytes()));
  return path;
}
