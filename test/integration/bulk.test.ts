import { afterAll, beforeAll, expect, it } from "vitest";
import { toHex } from "#core/hex.ts";
import { statusCode } from "#wire/status.ts";
import { BulkClient, floatsOf, tensorItem } from "../support/bulk-client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { identityModel } from "../support/models.ts";
import { startTestWorker } from "../support/worker.ts";

const open = new AsyncDisposableStack();
let gateway: TestGateway;

beforeAll(async () => {
  const files = { "1/model.onnx": identityModel("FP32", ["N", 2]) };
  const worker = open.use(await startTestWorker({ files }));
  const { address, metrics } = worker;
  gateway = open.use(
    await startTestGateway({ workers: [{ instance: "m-1-0", address, metrics }] }),
  );
  await gateway.serving;
});

afterAll(async () => await open.disposeAsync());

function connect(options = {}): BulkClient {
  return open.use(new BulkClient(gateway.grpc, options));
}

it("answers every item once, with its rows, as they come", async () => {
  const client = connect();
  const accepted = await client.open({ model: "m" });
  expect(accepted).toMatchObject({ model: "m", version: "1", itemsMax: 64 });
  expect(accepted.streamId).toHaveLength(16);
  for (let number = 0; number < 40; number += 1) client.item(tensorItem(number, 200));
  client.half();
  expect(await client.status).toMatchObject({ code: 0 });
  const answers = [...client.answers].sort((one, other) => Number(one.number - other.number));
  expect(answers.map(({ number }) => Number(number))).toEqual(
    Array.from({ length: 40 }, (_, n) => n),
  );
  for (const answer of answers) {
    expect(answer).toMatchObject({ status: 0, message: "", failedRows: [] });
    expect(answer.batch?.rows).toBeGreaterThan(0);
    const first = Number(answer.number);
    expect(floatsOf(answer).filter((_, index) => index % 2 === 0)).toEqual(
      Array.from({ length: 200 }, (_, row) => first + row),
    );
  }
});

it("answers in the order of the items where that is asked for", async () => {
  const client = connect();
  await client.open({ model: "m", ordered: true });
  // Large ones before small ones, which would otherwise be answered first.
  for (let number = 0; number < 30; number += 1) {
    client.item(tensorItem(number, number % 3 === 0 ? 2_000 : 1));
  }
  client.half();
  expect(await client.status).toMatchObject({ code: 0 });
  expect(client.answers.map(({ number }) => Number(number))).toEqual(
    Array.from({ length: 30 }, (_, n) => n),
  );
});

it("goes on where its token says, under the ids the items had", async () => {
  const first = connect();
  const { streamId } = await first.open({ model: "m" });
  first.item(columnsItem(0));
  first.item(columnsItem(1));
  const before = await first.answered(2);
  const token = before.at(-1)?.resumeToken ?? new Uint8Array();
  first.cancel();
  const second = connect();
  const accepted = await second.open({ model: "m", resumeToken: token });
  expect(accepted.streamId).toEqual(streamId);
  expect(accepted.resumeToken).toEqual(token);
  // The answer to item 3 has come to the client already.
  second.item(columnsItem(2));
  second.item(columnsItem(4));
  const after = await second.answered(2);
  expect(after.map(({ number }) => Number(number)).toSorted()).toEqual([2, 4]);
  const again = connect();
  await again.open({ model: "m", streamId });
  again.item(columnsItem(1));
  const [repeated] = await again.answered(1);
  const idOf = (answer: typeof repeated) =>
    answer?.predictions.case === "columns" ? answer.predictions.value.predictionId : "";
  expect(idOf(repeated)).toBe(idOf(before.find(({ number }) => number === 1n)));
  expect(idOf(repeated)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8/);
});

function columnsItem(number: number) {
  const numbers = (value: number) => ({ case: "numbers" as const, value: { values: [value] } });
  const columns = [
    { name: "x.0", values: numbers(number) },
    { name: "x.1", values: numbers(-number) },
  ];
  return { number: BigInt(number), rows: { case: "columns" as const, value: { columns } } };
}

it("covers with its token all below the first item without an answer", async () => {
  const client = connect();
  const { streamId } = await client.open({ model: "m", ordered: true });
  for (const number of [0, 1, 5]) client.item(columnsItem(number));
  const answers = await client.answered(3);
  const belows = answers.map(({ resumeToken }) => {
    expect(toHex(resumeToken.subarray(1, 17))).toBe(toHex(streamId));
    const bytes = Uint8Array.from(resumeToken);
    return Number(new DataView(bytes.buffer).getBigUint64(17));
  });
  expect(belows.at(-1)).toBe(6);
  for (const [index, below] of belows.entries()) expect(below).toBeGreaterThan(index);
});

it("gives an item that is wrong a status of its own, and goes on", async () => {
  const client = connect();
  await client.open({ model: "m", ordered: true });
  client.item({ number: 0n });
  client.item({ number: 1n, rows: { case: "tensors", value: { modelName: "other" } } });
  client.item({ number: 2n, rows: { case: "columns", value: { version: "2" } } });
  client.item({ number: 3n, rows: { case: "tensors", value: { modelName: "m" } } });
  client.item(tensorItem(4, 1));
  client.half();
  expect(await client.status).toMatchObject({ code: 0 });
  expect(client.answers.map(({ status }) => status)).toEqual([3, 3, 3, 3, 0]);
  expect(client.answers.map(({ message }) => message)).toEqual([
    "the item has no rows",
    'the item asks for model "other" version "" on a stream of m@1',
    'the item asks for model "" version "2" on a stream of m@1',
    expect.stringContaining("expected 1 inputs"),
    "",
  ]);
  expect(client.answers[3]?.predictions.case).toBeUndefined();
});

it.each<[string, (client: BulkClient) => void, number, string]>([
  ["opened for a model nobody knows", (one) => one.sendOpen({ model: "none" }), 5, '"none" is not'],
  ["opened for no version", (one) => one.sendOpen({ model: "m", version: "x" }), 3, "no version"],
  [
    "opened with an id of the wrong length",
    (one) => one.sendOpen({ model: "m", streamId: new Uint8Array(3) }),
    3,
    "16 bytes, got 3",
  ],
  [
    "opened with a token that is none",
    (one) => one.sendOpen({ model: "m", resumeToken: new Uint8Array(3) }),
    3,
    "resume token cannot be used",
  ],
  [
    "opened with the token of another",
    (one) =>
      one.sendOpen({
        model: "m",
        streamId: new Uint8Array(16).fill(1),
        resumeToken: Uint8Array.from({ length: 25 }, (_, at) => (at === 0 ? 1 : 0)),
      }),
    3,
    "of another stream",
  ],
  ["not opened before its items", (one) => one.item(tensorItem(0, 1)), 3, "before the stream was"],
  [
    "opened twice",
    (one) => {
      one.sendOpen({ model: "m" });
      one.sendOpen({ model: "m" });
    },
    3,
    "opened already",
  ],
  [
    "numbered backwards",
    (one) => {
      one.sendOpen({ model: "m" });
      one.item(tensorItem(4, 1));
      one.item(tensorItem(4, 1));
    },
    3,
    "item 4 came where 5 or later was due",
  ],
  ["of bytes that mean nothing", (one) => one.raw(Uint8Array.of(0x0a, 0xff)), 3, "not a valid"],
  ["of empty messages", (one) => one.raw(new Uint8Array()), 3, "an open or an item"],
])("ends a stream %s with a clear status", async (_, misbehave, code, words) => {
  const client = connect();
  misbehave(client);
  expect(await client.status).toMatchObject({ code, details: expect.stringContaining(words) });
});

it("ends at the call's deadline", async () => {
  const client = connect({ deadlineMs: 300 });
  await client.open({ model: "m" });
  expect(await client.status).toMatchObject({ code: statusCode.deadlineExceeded });
});
