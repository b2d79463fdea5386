import { expect, test } from "vitest";
import { emptyBitmap, setBit } from "../bitmap.ts";
import { EventBatch, type RequestFacts } from "./event-batch.ts";
import type { ValueColumn } from "./value-column.ts";

const shared = { offset: 0, stride: 1, labels: [], nulls: undefined };
const number: ValueColumn = {
  name: "x",
  kind: "feature",
  type: "number",
  dtype: "FP32",
  data: Float32Array.of(1, 2, 3),
  ...shared,
};
const label: ValueColumn = {
  ...number,
  name: "label",
  kind: "output",
  type: "category",
  dtype: "INT64",
  data: BigInt64Array.of(1n, 0n, 1n),
  labels: ["no", "yes"],
};

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
  const columns = [number, label];
  const batch = new EventBatch(columns);
  const trace = {
    traceId: new Uint8Array(16).fill(8),
    spanId: new Uint8Array(8).fill(9),
    flags: 1,
  };
  batch.add(facts(1, { requestId: "mine" }), columns, [0, 2]);
  batch.add(facts(2, { role: "shadow", attempt: 2, queueUs: 2 ** 40, trace }), columns, [1]);
  batch.add(facts(3), columns, []);
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
  const column = { ...number, nulls };
  const batch = new EventBatch([column]);
  batch.add(facts(1), [column], [1, 2]);
  expect([...(batch.seal().columns[0]?.nulls ?? [])]).toEqual([2]);
});

test("cuts texts that are no categories", () => {
  const text: ValueColumn = { ...label, dtype: "BYTES", data: ["x".repeat(10_000)], labels: [] };
  const batch = new EventBatch([text]);
  batch.add(facts(1), [text], [0]);
  const values = batch.seal().columns[0]?.values;
  expect(values).toEqual({ kind: "texts", dictionary: ["x".repeat(256)], codes: [0] });
});

test("is for rows of its own columns alone, and named after them", () => {
  const schemas = [[number], [label], [number, label], [{ ...number, dtype: "FP64" as const }]];
  const batches = schemas.map((columns) => new EventBatch(columns));
  expect(new Set(batches.map(({ schemaId }) => schemaId)).size).toBe(4);
  batches.forEach((batch, index) => {
    expect(schemas.map((columns) => batch.accepts(columns)).indexOf(true)).toBe(index);
  });
  const other = [{ ...number, data: Float32Array.of(9) }];
  expect(batches[0]?.accepts(other)).toBe(true);
  expect(new EventBatch(other).schemaId).toBe(batches[0]?.schemaId);
});
