import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { describe, expect, it } from "vitest";
import type { Baseline } from "#core/drift/baseline.ts";
import { parseBaseline } from "#wire/baseline.ts";
import {
  constraintsFile,
  numberColumn,
  statisticsFile,
} from "../../test/support/sagemaker-files.ts";
import { type TempDir, tempDir } from "../../test/support/temp.ts";
import { runProgram } from "../program.ts";

const models = new URL("../../models/", import.meta.url).pathname;

it.each([
  ["wine", 1],
  ["diabetes", 1],
  ["digits", 2],
] as const)("describes the features of %s@%i as its training did", async (model, version) => {
  await using folder = await tempDir();
  const out = join(folder.path, "baseline.json");
  const from = join(models, model, "examples.csv");
  const where = ["--from", from, "--out", out, "--models", models];
  await runProgram(["baseline", `${model}@${version}`, ...where, "--json"]);
  expect(process.exitCode).toBe(0);
  const made = parseBaseline(await readFile(out, "utf8"));
  const text = await readFile(join(models, model, String(version), "baseline.json"), "utf8");
  const trained = parseBaseline(text);
  expect(made.features).toEqual(trained.features);
  const others = { features: [], outputs: [], createdAt: "", calibration: undefined };
  expect({ ...made, ...others }).toEqual({ ...trained, ...others });
  // The examples' outputs are those of the library that trained: equal but for last digits.
  const kinds = (of: typeof made) => of.outputs.map(({ name, type, dtype }) => [name, type, dtype]);
  expect(kinds(made)).toEqual(kinds(trained));
});

it("describes how right probabilities are, where the file says what came of rows", async () => {
  await using folder = await tempDir();
  const out = join(folder.path, "baseline.json");
  const credit = ["baseline", "credit", "--from", join(models, "credit", "examples.csv")];
  await runProgram([...credit, "--out", out, "--models", models]);
  const { calibration } = parseBaseline(await readFile(out, "utf8"));
  expect(calibration).toMatchObject({ classes: 2, rows: expect.any(Number) });
  await runProgram([...credit, "--out", out, "--models", models, "--actual", "nobody"]);
  expect(parseBaseline(await readFile(out, "utf8")).calibration).toBeUndefined();
});

describe("SageMaker's files", () => {
  it("make the baseline that the rows would, while sketches hold them all", async () => {
    await using folder = await repository();
    await run(folder, "--from-sagemaker", folder.path);
    const [imported, trained] = [await read(folder), await read()];
    expect(imported.features.length).toBe(10);
    for (const [place, { constraints, ...feature }] of imported.features.entries()) {
      expect(feature).toEqual(trained.features[place]);
      expect(constraints).toEqual({ completeness: 1, type: 1, thresholds: { ks: 0.1 } });
    }
    expect(imported.rows).toBe(442);
  });

  it("add constraints to rows, or to the baseline that there is", async () => {
    await using folder = await repository();
    const constraints = join(folder.path, "constraints.json");
    await run(folder, "--constraints", constraints);
    const added = await read(folder);
    const from = join(models, "diabetes", "examples.csv");
    await run(folder, "--from", from, "--constraints", constraints);
    const described = await read(folder);
    const plain = (of: Baseline) => of.features.map(({ constraints: _, ...feature }) => feature);
    const trained = await read();
    expect(plain(added)).toEqual(plain(trained));
    expect(plain(described)).toEqual(plain(trained));
    expect(added.outputs).toEqual(trained.outputs);
    for (const { features } of [added, described]) {
      expect(features.map((feature) => feature.constraints?.completeness)).toEqual(
        Array.from({ length: 10 }, () => 1),
      );
    }
  });

  it.each<[string[], number]>([
    [["--from", "rows.csv", "--statistics", "statistics.json"], 2],
    [[], 2],
    [["--from-sagemaker", "/nowhere"], 1],
    [["--statistics", "/nowhere/statistics.json"], 1],
  ])("are not guessed from %j", async (flags, code) => {
    await using folder = await repository();
    await runProgram(["baseline", "diabetes", ...flags, "--models", folder.path]);
    expect(process.exitCode).toBe(code);
    process.exitCode = 0;
  });

  /** Diabetes, and SageMaker's files of its rows. */
  async function repository(): Promise<TempDir> {
    const folder = await tempDir();
    await cp(join(models, "diabetes"), join(folder.path, "diabetes"), { recursive: true });
    const text = await readFile(join(models, "diabetes", "examples.csv"), "utf8");
    const rows: Record<string, string>[] = parse(text, { columns: true });
    const names = (await read()).features.map(({ name }) => name);
    const columns = names.map((name) =>
      numberColumn(
        name,
        rows.map((row) => Number(row[name])),
      ),
    );
    const rules = names.map((name) => ({ name, inferred_type: "Fractional", completeness: 1 }));
    await writeFile(join(folder.path, "statistics.json"), statisticsFile(rows.length, columns));
    await writeFile(join(folder.path, "constraints.json"), constraintsFile(rules));
    return folder;
  }

  async function run(folder: TempDir, ...flags: string[]): Promise<void> {
    await runProgram(["baseline", "diabetes", ...flags, "--models", folder.path, "--json"]);
    expect(process.exitCode).toBe(0);
  }

  async function read(folder?: TempDir): Promise<Baseline> {
    const path = join(folder?.path ?? models, "diabetes", "1", "baseline.json");
    return parseBaseline(await readFile(path, "utf8"));
  }
});
