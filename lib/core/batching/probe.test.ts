import { describe, expect, it } from "vitest";
import type { TensorSpec } from "../model/spec.ts";
import { seededDraw } from "../random.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type ProbeRun, type ProbeSubject, probeBatching } from "./probe.ts";

const x: TensorSpec = { name: "x", dtype: "FP32", shape: [-1, 2] };
const y: TensorSpec = { name: "y", dtype: "FP32", shape: [-1] };

describe("a model is batched", () => {
  it("when every row gives the same in any company", async () => {
    expect(await probe({}, rowSums)).toEqual({ enabled: true });
  });

  it("without comparing anything, where any difference is tolerated", async () => {
    const subject = { tolerance: Number.POSITIVE_INFINITY };
    expect(await probe(subject, normalised)).toEqual({ enabled: true });
    expect(await probe(subject, failing)).toEqual({ enabled: true });
  });
});

describe("a model is not batched", () => {
  it.each<[string, Partial<ProbeSubject>, string]>([
    ["rowsMax is 1", { rowsMax: 1 }, "batching.rowsMax is 1"],
    ["it has no inputs", { inputs: [] }, "the model has no inputs"],
    [
      "an input's batch is fixed",
      { inputs: [x, { ...x, name: "z", shape: [4, 2] }] },
      'the first dimension of input "z" does not vary: [4,2]',
    ],
    ["an input is a scalar", { inputs: [{ ...x, shape: [] }] }, 'input "x" is a scalar'],
    [
      "an output's batch is fixed",
      { outputs: [{ ...y, shape: [1] }], tolerance: Number.POSITIVE_INFINITY },
      'the first dimension of output "y" does not vary: [1]',
    ],
  ])("when %s", async (_, subject, reason) => {
    expect(await probe(subject, rowSums)).toEqual({ enabled: false, reason });
  });

  it("when a row depends on the others", async () => {
    const decision = await probe({}, normalised);
    expect(decision).toMatchObject({ enabled: false });
    expect(decision.enabled ? "" : decision.reason).toMatch(
      /^row \d of output "y" is .* when run alone and .* among 7 rows$/,
    );
  });

  it("when a row depends on its place", async () => {
    const decision = await probe({}, async ([tensor]) => {
      const sums = sum(tensor);
      return [output(sums.map((value, row) => value + row))];
    });
    expect(decision).toMatchObject({ enabled: false });
  });

  it("when a row depends on how many there are", async () => {
    const decision = await probe({}, async ([tensor]) => {
      const sums = sum(tensor);
      return [output(sums.map((value) => value + (sums.length === 6 ? 1 : 0)))];
    });
    expect(decision).toMatchObject({ enabled: false });
  });

  it("when rows come out that did not go in, even at its file's word", async () => {
    const half: ProbeRun = async ([tensor]) => [output(sum(tensor).slice(1))];
    for (const tolerance of [1e-5, Number.POSITIVE_INFINITY]) {
      expect(await probe({ tolerance }, half)).toEqual({
        enabled: false,
        reason: 'output "y" has the shape [6] for 7 rows',
      });
    }
  });

  it("when it does not run on anything that was tried", async () => {
    expect(await probe({}, failing)).toEqual({
      enabled: false,
      reason: "no values for a probe are known: out of range",
    });
  });

  it("when it runs only on rows that cannot be told apart", async () => {
    const run: ProbeRun = async (inputs) => {
      if (inputs[0]?.data.some((value) => Number(value) > 0)) throw new Error("out of range");
      return rowSums(inputs);
    };
    const inputs: TensorSpec[] = [{ name: "x", dtype: "INT8", shape: [-1, 2] }];
    expect(await probe({ inputs }, run)).toEqual({
      enabled: false,
      reason: "it runs only on rows that are all the same, which prove nothing",
    });
  });

  it("when it does not run on single rows", async () => {
    const run: ProbeRun = async (inputs) =>
      inputs[0]?.shape[0] === 1 ? failing(inputs) : rowSums(inputs);
    expect(await probe({}, run)).toEqual({
      enabled: false,
      reason: "a run of the probe failed: out of range",
    });
  });
});

it("tries smaller whole numbers until the model runs", async () => {
  const largest: number[] = [];
  const run: ProbeRun = async ([tensor]) => {
    largest.push(Math.max(...[...(tensor?.data ?? [])].map(Number)));
    if ((largest.at(-1) ?? 0) > 1) throw new Error("out of range");
    return [output(sum(tensor))];
  };
  const inputs: TensorSpec[] = [{ name: "x", dtype: "INT32", shape: [-1, 16] }];
  expect(await probe({ inputs }, run)).toEqual({ enabled: true });
  expect(largest.slice(0, 3)).toEqual([expect.any(Number), 7, 1]);
});

it("runs a model that is not batched once, to warm it up", async () => {
  let runs = 0;
  await probe({ rowsMax: 1 }, async (inputs) => {
    runs += 1;
    return rowSums(inputs);
  });
  expect(runs).toBe(1);
});

function probe(subject: Partial<ProbeSubject>, run: ProbeRun) {
  const draw = seededDraw(1);
  const common = { inputs: [x], outputs: [y], features: [], rowsMax: 64, tolerance: 1e-5, draw };
  return probeBatching({ ...common, ...subject }, run);
}

async function rowSums([tensor]: readonly Tensor[]): Promise<Tensor[]> {
  return [output(sum(tensor))];
}

async function normalised([tensor]: readonly Tensor[]): Promise<Tensor[]> {
  const sums = sum(tensor);
  const largest = Math.max(...sums.map(Math.abs));
  return [output(sums.map((value) => value / largest))];
}

async function failing(_: readonly Tensor[]): Promise<Tensor[]> {
  throw new Error("out of range");
}

function sum(tensor: Tensor | undefined): number[] {
  const [rows = 0, width = 1] = tensor?.shape ?? [];
  const values = [...(tensor?.data ?? [])].map(Number);
  return Array.from({ length: rows }, (_, row) =>
    values.slice(row * width, (row + 1) * width).reduce((total, value) => total + value, 0),
  );
}

function output(values: readonly number[]): Tensor {
  return { name: "y", dtype: "FP32", shape: [values.length], data: Float32Array.from(values) };
}
