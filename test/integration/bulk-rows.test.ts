import { afterAll, beforeAll, expect, it } from "vitest";
import { isSet } from "#core/bitmap.ts";
import type { BulkAnswer } from "#gen/sluice/predict/v1/predict_pb.ts";
import { statusCode } from "#wire/status.ts";
import { BulkClient, type BulkItemInit, floatsOf } from "../support/bulk-client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { lookupModel } from "../support/models.ts";
import { startTestWorker } from "../support/worker.ts";

const open = new AsyncDisposableStack();
let gateway: TestGateway;

/** A model of whole numbers from 0 to 99: it fails on any other, and so do all that run with it. */
beforeAll(async () => {
  const worker = open.use(
    await startTestWorker({
      files: { "1/model.onnx": lookupModel(100), "model.yaml": "batching: { rowsMax: 16 }\n" },
    }),
  );
  const { address, metrics } = worker;
  gateway = open.use(
    await startTestGateway({ workers: [{ instance: "m-1-0", address, metrics }] }),
  );
  await gateway.serving;
});

afterAll(async () => await open.disposeAsync());

async function ask(...items: BulkItemInit[]): Promise<readonly BulkAnswer[]> {
  using client = new BulkClient(gateway.grpc);
  await client.open({ model: "m", ordered: true });
  for (const item of items) client.item(item);
  client.half();
  expect(await client.status).toMatchObject({ code: 0 });
  return client.answers;
}

function tensors(number: bigint, values: readonly number[]): BulkItemInit {
  const shape = [BigInt(values.length)];
  const contents = { int64Contents: values.map(BigInt) };
  const inputs = [{ name: "x", datatype: "INT64", shape, contents }];
  return { number, rows: { case: "tensors", value: { inputs } } };
}

function columns(number: bigint, values: readonly number[], nulls: number = 0): BulkItemInit {
  const column = {
    name: "x",
    values: { case: "numbers" as const, value: { values: [...values] } },
  };
  const bits = nulls === 0 ? new Uint8Array() : Uint8Array.of(nulls);
  return { number, rows: { case: "columns", value: { columns: [{ ...column, nulls: bits }] } } };
}

const upTo = (count: number) => Array.from({ length: count }, (_, row) => row);

it("answers all rows of tensors but those the model fails on", async () => {
  const bad = [3, 17, 18, 63];
  const values = upTo(64).map((row) => (bad.includes(row) ? 1_000 + row : row));
  const [answer, whole] = await ask(tensors(0n, values), tensors(1n, upTo(64)));
  if (answer === undefined || whole === undefined) throw new Error("no answers");
  expect(answer).toMatchObject({ status: 0, message: "" });
  expect(answer.failedRows.map(({ row, status }) => [row, status])).toEqual(
    bad.map((row) => [row, statusCode.internal]),
  );
  expect(answer.failedRows[0]?.message).toContain("the model failed");
  expect(whole).toMatchObject({ status: 0, failedRows: [] });
  const expected = floatsOf(whole);
  expect(floatsOf(answer)).toEqual(
    expected.map((value, index) => (bad.includes(Math.floor(index / 3)) ? 0 : value)),
  );
});

it("answers all rows of columns but those whose values cannot be taken", async () => {
  const values = [1, 2.5, 3, 2 ** 60, 5, 1_000, 7];
  const [answer] = await ask(columns(0n, values, 0b100));
  expect(answer).toMatchObject({ status: 0 });
  expect(answer?.failedRows.map(({ row, status }) => [row, status])).toEqual([
    [1, statusCode.invalidArgument],
    [2, statusCode.invalidArgument],
    [3, statusCode.invalidArgument],
    [5, statusCode.internal],
  ]);
  expect(answer?.failedRows.map(({ message }) => message)).toEqual([
    expect.stringContaining('feature "x", row 1: 2.5 is not a whole number'),
    expect.stringContaining("row 2: has no value"),
    expect.stringContaining("row 3"),
    expect.stringContaining("the model failed"),
  ]);
  if (answer?.predictions.case !== "columns") throw new Error("no columns");
  for (const { nulls, values: given } of answer.predictions.value.predictions) {
    expect(upTo(7).filter((row) => isSet(nulls, row))).toEqual([1, 2, 3, 5]);
    expect(given.value?.values).toHaveLength(7);
  }
});

it("gives an item of which no row can be run a status, and tells why of each", async () => {
  const [cells, runs, next] = await ask(
    columns(0n, [0.5, 1.5]),
    tensors(1n, [1_000, 1_001, 1_002]),
    tensors(2n, [1]),
  );
  expect(cells).toMatchObject({ status: statusCode.invalidArgument, failedRows: [{}, {}] });
  expect(cells?.message).toContain("no row can be run");
  expect(runs).toMatchObject({ status: statusCode.internal, failedRows: [{}, {}, {}] });
  expect([cells, runs].map((answer) => answer?.predictions.case)).toEqual([undefined, undefined]);
  expect(next).toMatchObject({ status: 0, failedRows: [] });
});

it("asks a model that fails on all of many rows about some of them only", async () => {
  const values = upTo(5_000).map((row) => row + 1_000);
  const [answer, next] = await ask(tensors(0n, values), tensors(1n, upTo(8)));
  expect(answer?.failedRows).toHaveLength(5_000);
  const messages = answer?.failedRows.map(({ message }) => message) ?? [];
  for (const start of ["the model failed", "not run by itself, as 256 runs for the item had"]) {
    expect(messages.some((message) => message.startsWith(start))).toBe(true);
  }
  expect(answer?.status).toBe(statusCode.internal);
  expect(next).toMatchObject({ status: 0, failedRows: [] });
});

it("refuses an item as a whole where it is wrong as a whole", async () => {
  const inputs = [{ name: "x", datatype: "FP32", shape: [1n], contents: { fp32Contents: [1] } }];
  const missing: BulkItemInit = { number: 1n, rows: { case: "columns", value: { columns: [] } } };
  const [type, rows] = await ask(
    { number: 0n, rows: { case: "tensors", value: { inputs } } },
    missing,
  );
  expect(type).toMatchObject({ status: statusCode.invalidArgument, failedRows: [] });
  expect(rows).toMatchObject({ status: statusCode.invalidArgument, message: "no rows given" });
});
