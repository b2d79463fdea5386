import { expect, test } from "vitest";
import { emptyBitmap, isSet, setBit } from "../bitmap.ts";
import { Vocabulary } from "../text/vocabulary.ts";
import type { PlannedColumn } from "./column-plan.ts";
import { EventBatch, type RowSource } from "./event-batch.ts";
import type { RequestFacts } from "./request-columns.ts";

const shared = {
  ...{ offset: 0, stride: 1, labels: [], tensor: 0 },
  ...{ reducer: undefined, feature: "x", vocabulary: undefined },
};
const number: PlannedColumn = {
  ...{ name: "x", kind: "feature", type: "number", dtype: "FP32" },
  ...shared,
};
const label: PlannedColumn = {
  ...{ name: "label", kind: "output", type: "category", dtype: "INT64" },
  ...shared,
  labels: ["no", "yes"],
};
const source: RowSource = {
  inputs: [{ name: "x", dtype: "FP32", shape: [3], data: Float32Array.of(1, 2, 3) }],
  outputs: [{ name: "l", dtype: "INT64", shape: [3], data: BigInt64Array.of(1n, 0n, 1n) }],
  nulls: new Map(),
};

function planOf(...columns: readonly PlannedColumn[]) {
  return { schemaId: "s", columns };
}

function facts(byte: number, rest: Partial<RequestFacts> = {}): RequestFacts {
  return {
    predictionId: new Uint8Array(16).fill(byte),
    attempt: 1,
    role: "primary",
    eventTimeUs: 1_000_000,
    status: 0,
    queueUs: 5,
    runUs: 7,
    trace: undefined,
    requestId: "",
    ...rest,
  };
}

test("gathers rows of several requests into columns", () => {
  const plan = planOf(number, label);
  const batch = new EventBatch(plan);
  const trace = {
    traceId: new Uint8Array(16).fill(8),
    spanId: new Uint8Array(8).fill(9),
    flags: 1,
  };
  batch.add(facts(1, { requestId: "mine" }), plan, source, [0, 2]);
  batch.add(facts(2, { role: "shadow", attempt: 2, queueUs: 2 ** 40, trace }), plan, source, [1]);
  batch.add(facts(3), plan, source, []);
  batch.cover(7);
  const body = batch.seal();
  expect(body).toMatchObject({ rowsCovered: 10, rowsIncluded: 3, rows: [0, 2, 1] });
  expect(body.columns).toEqual([
    {
      name: "x",
      kind: "feature",
      dtype: "FP32",
      nulls: new Uint8Array(0),
      values: { kind: "numbers", data: Float32Array.of(1, 3, 2) },
    },
    {
      name: "label",
      kind: "output",
      dtype: "INT64",
      nulls: new Uint8Array(0),
      values: { kind: "texts", dictionary: ["yes", "no"], codes: [0, 0, 1] },
    },
  ]);
  expect(body.requests).toMatchObject({
    count: 2,
    rows: [2, 1],
    attempts: [1, 2],
    roles: ["primary", "shadow"],
    queueUs: [5, 2 ** 32 - 1],
    requestIds: ["mine", ""],
    traceFlags: Uint8Array.of(0, 1),
  });
  expect([...body.requests.predictionIds.subarray(12, 20)]).toEqual([1, 1, 1, 1, 2, 2, 2, 2]);
  expect([...body.requests.spanIds]).toEqual([...new Uint8Array(8), ...new Uint8Array(8).fill(9)]);
});

test("marks the included rows that had no value", () => {
  const nulls = emptyBitmap(3);
  setBit(nulls, 2);
  const plan = planOf(number);
  const batch = new EventBatch(plan);
  batch.add(facts(1), plan, { ...source, nulls: new Map([["x", nulls]]) }, [1, 2]);
  expect([...(batch.seal().columns[0]?.nulls ?? [])]).toEqual([2]);
});

test("cuts texts that are no categories", () => {
  const plan = planOf({ ...label, dtype: "BYTES", labels: [] });
  const text = { name: "l", dtype: "BYTES" as const, shape: [1], data: ["x".repeat(10_000)] };
  const batch = new EventBatch(plan);
  batch.add(facts(1), plan, { ...source, outputs: [text] }, [0]);
  const values = batch.seal().columns[0]?.values;
  expect(values).toEqual({ kind: "texts", dictionary: ["x".repeat(256)], codes: [0] });
});

test("tells of wide rows by their summaries", () => {
  const wide = { name: "x", dtype: "FP32" as const, shape: [2, 2] };
  const inputs = [{ ...wide, data: Float32Array.of(9, 9, 3, 4) }];
  const reduced = (reducer: "mean" | "norm"): PlannedColumn => ({
    ...{ ...number, name: `x.${reducer}`, dtype: "FP64", stride: 2, reducer },
  });
  const plan = planOf(reduced("mean"), reduced("norm"));
  const batch = new EventBatch(plan);
  batch.add(facts(1), plan, { ...source, inputs }, [1]);
  expect(batch.seal().columns.map(({ values }) => values)).toEqual([
    { kind: "numbers", data: Float64Array.of(3.5) },
    { kind: "numbers", data: Float64Array.of(5) },
  ]);
});

test("a text becomes numbers, and what an empty one does not have is null", () => {
  const vocabulary = new Vocabulary(["known"]);
  const text = { ...shared, feature: "t", vocabulary, kind: "feature", type: "number" } as const;
  const plan = planOf(
    { ...text, name: "t.length", dtype: "FP64", reducer: "length" },
    { ...text, name: "t.unknown", dtype: "FP64", reducer: "unknown" },
  );
  const batch = new EventBatch(plan);
  const data = ["known strange", "", "!", "Known"];
  const nulls = new Map([["t", emptyBitmap(4)]]);
  setBit(nulls.get("t") as Uint8Array, 3);
  const inputs = [{ name: "t", dtype: "BYTES", shape: [4], data }] as const;
  batch.add(facts(1), plan, { inputs, outputs: [], nulls }, [0, 1, 2, 3]);
  const { columns } = batch.seal();
  const shown = columns.map(({ name, nulls: bits, values }) => [
    name,
    values.kind === "numbers" ? [...values.data] : values,
    [0, 1, 2, 3].map((row) => isSet(bits, row)),
  ]);
  expect(shown).toEqual([
    ["t.length", [13, Number.NaN, 1, 5], [false, true, false, true]],
    ["t.unknown", [0.5, Number.NaN, Number.NaN, 0], [false, true, true, true]],
  ]);
  expect(JSON.stringify(columns)).not.toContain("strange");
});
