import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type ModelSettings, settingsDefaults } from "#core/model/settings.ts";
import type { BatchingDecision } from "#core/model/spec.ts";
import { packedBytes } from "#core/tensor/dtype.ts";
import { modelPaths, scanRepository } from "#platform/model-repository.ts";
import {
  batchOnAxisOneModel,
  dynamicQuantisationModel,
  everyDtypeModel,
  filterModel,
  identityModel,
  keptOutModel,
  lookupModel,
  midWidths,
  mlpModel,
  multiModel,
  scalarModel,
  slowModel,
  softmaxOverRowsModel,
  tinyWidths,
  zipMapModel,
} from "../../test/support/models.ts";
import { classicalDomain, writeModel } from "../../test/support/onnx-writer.ts";
import { makeRepository } from "../../test/support/repository.ts";
import { loadModel } from "./load-model.ts";

describe("is batched", () => {
  it.each([
    ["a small network", mlpModel(tinyWidths)],
    ["a large network", mlpModel(midWidths)],
    ["one that gives back every data type", everyDtypeModel()],
    ["one with several inputs and outputs", multiModel()],
    ["a classifier with a ZipMap", zipMapModel()],
    ["one whose input has an open second dimension", identityModel("FP32", ["N", "M"])],
    ["one that looks its input up in a table of two", lookupModel(2)],
    ["one with a loop", slowModel()],
  ])("%s", async (_, model) => {
    expect(await decide(model)).toEqual({ enabled: true });
  });
});

describe("is not batched", () => {
  it.each([
    ["softmax over the rows", softmaxOverRowsModel(), /when run alone and .* among 7 rows/],
    ["dynamic quantisation", dynamicQuantisationModel(), /when run alone and .* among 7 rows/],
    ["a batch dimension that is not the first", batchOnAxisOneModel(), /when run alone/],
    ["a filter of rows", filterModel(), /^output "y" has the shape \[\d,2\] for 7 rows$/],
    ["a fixed batch", mlpModel([4, 2], 1, 8), /^the first dimension of input "x" does not vary/],
    ["a scalar", scalarModel(), /^input "x" is a scalar$/],
  ])("%s", async (_, model, reason) => {
    const decision = await decide(model);
    expect(decision).toMatchObject({ enabled: false });
    expect(decision.enabled ? "" : decision.reason).toMatch(reason);
  });

  it("a model whose model.yaml turns it off", async () => {
    const batching = { ...settingsDefaults.batching, rowsMax: 1 };
    expect(await decide(mlpModel(tinyWidths), { ...settingsDefaults, batching })).toEqual({
      enabled: false,
      reason: "batching.rowsMax is 1",
    });
  });
});

it("is batched, whatever the probe would say, where any difference is tolerated", async () => {
  const batching = { ...settingsDefaults.batching, tolerance: Number.POSITIVE_INFINITY };
  const settings = { ...settingsDefaults, batching };
  expect(await decide(dynamicQuantisationModel(), settings)).toEqual({ enabled: true });
});

it("cuts a ZipMap, and names the classes as the model does", async () => {
  await using repository = await makeRepository({ "model.onnx": zipMapModel() });
  const { session, spec } = await loadModel(join(repository.root, "model.onnx"), settingsDefaults);
  await using _ = session;
  expect(spec.outputs).toEqual([
    { name: "label", dtype: "BYTES", shape: [-1] },
    { name: "probabilities", dtype: "FP32", shape: [-1, 2] },
  ]);
  expect(spec.predictions.map(({ role, labels }) => [role, labels])).toEqual([
    ["label", ["no", "yes"]],
    ["probabilities", ["no", "yes"]],
  ]);
  const data = Float32Array.of(1, 2, 3, 4);
  const outputs = await session.run(
    [{ name: "x", dtype: "FP32", shape: [1, 4], data }],
    ["probabilities"],
  );
  const [no = 0, yes = 0] = [...(outputs[0]?.data ?? [])].map(Number);
  expect(no + yes).toBeCloseTo(1, 6);
});

it("cuts a ZipMap from a file without standard operators", async () => {
  expect(await decide(zipMapModel({ standardOperators: false, classes: [1, 2, 3] }))).toEqual({
    enabled: true,
  });
});

it.each([false, true])(
  "finds weights in a file beside the model (ZipMap: %s)",
  async (isMapped) => {
    const weights = Float32Array.of(2, 3);
    const map = {
      op: "ZipMap",
      domain: classicalDomain,
      inputs: ["s"],
      outputs: ["y"],
      attributes: { classlabels_int64s: { ints: [0, 1] } },
    };
    const model = writeModel({
      inputs: [{ name: "x", type: "FP32", shape: ["N", 2] }],
      outputs: [
        isMapped
          ? { name: "y", type: { kind: "map", keys: "INT64" } }
          : { name: "y", type: "FP32", shape: ["N", 2] },
      ],
      nodes: [
        { op: "Mul", inputs: ["x", "w"], outputs: ["s"] },
        isMapped ? map : { op: "Identity", inputs: ["s"], outputs: ["y"] },
      ],
      initializers: [
        {
          name: "w",
          dtype: "FP32",
          shape: [2],
          data: weights,
          external: { location: "weights.bin", offset: 0 },
        },
      ],
    });
    await using repository = await makeRepository({
      "model.onnx": model,
      "weights.bin": packedBytes(weights),
    });
    const { session } = await loadModel(join(repository.root, "model.onnx"), settingsDefaults);
    await using _ = session;
    const data = Float32Array.of(1, 1);
    const [y] = await session.run([{ name: "x", dtype: "FP32", shape: [1, 2], data }], ["y"]);
    expect(y?.data).toEqual(weights);
  },
);

it("finds out the shape of an output whose file does not tell", async () => {
  const nodes = [{ op: "Identity", inputs: ["x"], outputs: ["y"] }];
  const inputs = [{ name: "x", type: "FP32", shape: ["N", 3] } as const];
  const model = writeModel({ inputs, outputs: [{ name: "y", type: "FP32" }], nodes });
  await using repository = await makeRepository({ "model.onnx": model });
  const { session, spec } = await loadModel(join(repository.root, "model.onnx"), settingsDefaults);
  await using _ = session;
  expect(spec.outputs).toEqual([{ name: "y", dtype: "FP32", shape: [-1, 3] }]);
});

describe("is kept out", () => {
  it.each([
    ["BF16", keptOutModel("BF16"), 'model.onnx output "y" is BF16'],
    ["a sequence", keptOutModel("sequence"), 'model.onnx output "y" is a sequence'],
    ["an optional", keptOutModel("optional"), 'model.onnx output "y" is optional'],
    ["a text file", new TextEncoder().encode("hello"), "model.onnx is not an ONNX model"],
    ["an empty file", new Uint8Array(), "model.onnx is empty"],
    [
      "an unknown operator",
      writeModel({
        inputs: [{ name: "x", type: "FP32", shape: ["N"] }],
        outputs: [{ name: "y", type: "FP32", shape: ["N"] }],
        nodes: [{ op: "Unheard", inputs: ["x"], outputs: ["y"] }],
      }),
      "model.onnx cannot be loaded: ",
    ],
  ])("%s", async (_, model, reason) => {
    await expect(decide(model)).rejects.toThrow(reason);
  });

  it("a version without a file", async () => {
    await using repository = await makeRepository({});
    const path = join(repository.root, "model.onnx");
    await expect(loadModel(path, settingsDefaults)).rejects.toMatchObject({
      code: "not-found",
      message: `${path} does not exist`,
    });
  });

  it("a model that its model.yaml contradicts, with every contradiction", async () => {
    const output = { name: "p", output: "z", role: undefined, labels: [] };
    const feature = {
      column: undefined,
      type: undefined,
      unit: "",
      min: undefined,
      max: undefined,
    };
    const rest = { categories: [], default: undefined, required: true };
    const features = [{ name: "a", input: "w", ...feature, ...rest }];
    const settings = { ...settingsDefaults, features, outputs: [output] };
    await expect(decide(mlpModel([2, 1]), settings)).rejects.toThrow(
      'model.yaml: features: a: no input "w"; the model has "x"; ' +
        'outputs: p: no output "z"; the model has "y"',
    );
  });
});

it("loads every sample, and batches it", async () => {
  const { models } = await scanRepository("models");
  for (const { model, versions, settings } of models) {
    for (const version of versions) {
      const { onnx } = modelPaths("models", { model, version });
      const { session, spec, digest } = await loadModel(onnx, settings ?? settingsDefaults);
      await using _ = session;
      expect([model, version, spec.batched]).toEqual([model, version, { enabled: true }]);
      expect(spec.features.map(({ name }) => name)).toEqual(
        settings?.features?.map(({ name }) => name),
      );
      const bytes = await readFile(onnx);
      expect(digest).toBe(createHash("sha256").update(bytes).digest("hex"));
    }
  }
});

async function decide(
  model: Uint8Array,
  settings: ModelSettings = settingsDefaults,
): Promise<BatchingDecision> {
  await using repository = await makeRepository({ "model.onnx": model });
  const { session, spec } = await loadModel(join(repository.root, "model.onnx"), settings);
  await session[Symbol.asyncDispose]();
  return spec.batched;
}
