import { afterAll, beforeAll, expect, it } from "vitest";
import { isSet } from "#core/bitmap.ts";
import type { BulkAnswer } from "#gen/sluice/predict/v1/predict_pb.ts";
import { statusCode } from "#wire/status.ts";
import { BulkClient, type BulkItemInit, floatsOf } from "../support/bulk-client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { identityModel, lookupModel } from "../support/models.ts";
import { startTestWorker } from "../support/worker.ts";

const open = new AsyncDisposableStack();
/** Serves a model of whole numbers from 0 to 99: it fails on any other, and so do all with it. */
let gateway: TestGateway;
/** Serves a model that gives two texts back. */
let echo: TestGateway;

beforeAll(async () => {
  [gateway, echo] = await Promise.all([serve(lookupModel(100)), serve(identityModel("BYTES"))]);
});

afterAll(async () => await open.disposeAsync());

async function serve(model: Uint8Array): Promise<TestGateway> {
  const files = { "1/model.onnx": model, "model.yaml": "batching: { rowsMax: 16 }\n" };
  const { address, metrics } = open.use(await startTestWorker({ files }));
  const workers = [{ instance: "m-1-0", address, metrics }];
  const started = open.use(await startTestGateway({ workers }));
  await started.serving;
  return started;
}

async function ask(...items: BulkItemInit[]): Promise<readonly BulkAnswer[]> {
  return await askOf(gateway, ...items);
}

async function askOf(
  { grpc }: TestGateway,
  ...items: BulkItemInit[]
): Promise<readonly BulkAnswer[]> {
  using client = new BulkClient(grpc);
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

/** Rows of two texts, of which those of a number in `bad` have one that is none. */
function texts(number: bigint, rows: number, isRaw: boolean, bad: readonly number[]): BulkItemInit {
  const noText = [Uint8Array.of(0xff), Uint8Array.of(97, 0)];
  const elements = upTo(rows * 2).map((index) => {
    const row = Math.floor(index / 2);
    const isBad = bad.includes(row) && index % 2 === row % 2;
    return (isBad ? noText[row % 2] : undefined) ?? Buffer.from(`text ${index}`);
  });
  const input = { name: "x", datatype: "BYTES", shape: [BigInt(rows), 2n] };
  const typed = { inputs: [{ ...input, contents: { bytesContents: elements } }] };
  const raw = { inputs: [input], rawInputContents: [packed(elements)] };
  return { number, rows: { case: "tensors", value: isRaw ? raw : typed } };
}

/** Each after its length, as the protocol has it. */
function packed(elements: readonly Uint8Array[]): Uint8Array {
  const parts = elements.flatMap((each) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(each.byteLength);
    return [length, each];
  });
  return Buffer.concat(parts);
}

it.each([
  ["few", 8, [2, 5]],
  ["so many that another thread decodes them", 2_000, [0, 1, 999, 1_998]],
] as const)("answers all rows of texts but those that are none: %s", async (_, rows, bad) => {
  const items = [texts(0n, rows, true, bad), texts(1n, rows, false, bad)];
  const answers = await askOf(echo, ...items, texts(2n, 2, true, [0, 1]));
  const expected = upTo(rows * 2).map((index) =>
    Buffer.from((bad as readonly number[]).includes(Math.floor(index / 2)) ? "" : `text ${index}`),
  );
  for (const answer of answers.slice(0, 2)) {
    expect(answer).toMatchObject({ status: 0, message: "" });
    expect(answer.failedRows).toMatchObject(
      bad.map((row) => ({ row, status: statusCode.invalidArgument })),
    );
    for (const { row, message } of answer.failedRows) {
      const problem = row % 2 === 0 ? "is not valid UTF-8" : "contains a NUL character";
      expect(message).toBe(`input "x": element ${row * 2 + (row % 2)} ${problem}`);
    }
    if (answer.predictions.case !== "tensors") throw new Error("no tensors");
    const [raw] = answer.predictions.value.rawOutputContents;
    expect(raw).toEqual(packed(expected));
  }
  expect(answers[2]).toMatchObject({
    status: statusCode.invalidArgument,
    message: 'no row can be run: input "x": element 0 is not valid UTF-8',
    failedRows: [{ row: 0 }, { row: 1 }],
  });
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
