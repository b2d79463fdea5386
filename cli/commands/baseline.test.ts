import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parseBaseline } from "#wire/baseline.ts";
import { tempDir } from "../../test/support/temp.ts";
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
