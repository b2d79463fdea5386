import { afterAll, beforeAll, expect, it } from "vitest";
import { type BulkItem, SluiceClient } from "#client/index.ts";
import { startTestCluster, type TestCluster } from "../support/cluster.ts";

/** The client and the cluster it was written for. */
let cluster: TestCluster;
let client: SluiceClient;

beforeAll(async () => {
  cluster = await startTestCluster({ nats: false });
  client = new SluiceClient(cluster.grpc);
}, 120_000);

afterAll(async () => {
  await client?.close();
  await cluster?.[Symbol.asyncDispose]();
});

const names = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"];

function columnsOf(number: number): Record<string, number[]> {
  return Object.fromEntries(names.map((name) => [name, [0.01, (number % 50) / 1_000]]));
}

function* itemsOf(count: number, onTaken?: (number: number) => void): Generator<BulkItem<number>> {
  for (let number = 0; number < count; number++) {
    onTaken?.(number);
    yield { columns: columnsOf(number), tag: number };
  }
}

const upTo = (count: number) => Array.from({ length: count }, (_, number) => number);

/** The value of the second row of every fiftieth item is the same. */
async function play(
  options: { readonly count: number; readonly ordered?: boolean },
  onTaken?: (number: number) => void,
): Promise<number[]> {
  const { count, ordered = true } = options;
  const numbers: number[] = [];
  const values = new Map<number, number>();
  for await (const answer of client.bulk({ model: "diabetes", ordered }, itemsOf(count, onTaken))) {
    const { item, tag, error, failedRows, predictions } = answer;
    expect([error, failedRows, tag]).toEqual([undefined, [], item]);
    const value = Number(predictions?.columns["progression"]?.[1]);
    expect(value).toBeCloseTo(values.get(item % 50) ?? value, 3);
    values.set(item % 50, value);
    numbers.push(item);
  }
  return numbers;
}

it("streams in order, and as answers come", async () => {
  expect(await play({ count: 500 })).toEqual(upTo(500));
  const numbers = await play({ count: 500, ordered: false });
  expect(numbers.toSorted((one, other) => one - other)).toEqual(upTo(500));
});

it("streams tensors", async () => {
  const data = Float32Array.from({ length: 20 }, () => 0.01);
  const input = { name: "features", datatype: "FP32", shape: [2, 10], data } as const;
  const items = upTo(5).map(() => ({ tensors: { inputs: [input] } }));
  const direct = await client.infer({ model: "diabetes", inputs: [input] });
  for await (const { error, tensors } of client.bulk({ model: "diabetes" }, items)) {
    expect(error).toBeUndefined();
    expect(tensors?.outputs).toEqual(direct.outputs);
  }
});

it("tells which rows of an item cannot be predicted", async () => {
  const rows = [0, 1, 2].map(() => Object.fromEntries(names.map((name) => [name, 0.01])));
  const { bmi, ...partial } = rows[1] ?? {};
  const items = [{ records: [rows[0] ?? {}, partial, rows[2] ?? {}] }, { records: rows }];
  const answers = [];
  for await (const answer of client.bulk({ model: "diabetes" }, items)) answers.push(answer);
  const [first, second] = answers;
  expect(first?.error).toBeUndefined();
  expect(first?.failedRows).toMatchObject([{ row: 1, error: { code: "invalid-argument" } }]);
  expect(first?.failedRows[0]?.error.message).toContain('"bmi"');
  const [one, two, three] = first?.predictions?.columns["progression"] ?? [];
  expect([typeof one, two, three]).toEqual(["number", null, one]);
  expect(second?.failedRows).toEqual([]);
});

it("answers once though the gateway is killed", async () => {
  const numbers = await play({ count: 1_000 }, (number) => {
    if (number === 300) process.kill(cluster.pidOf("gateway") ?? 0, "SIGKILL");
  });
  expect(numbers).toEqual(upTo(1_000));
}, 120_000);

it("answers once though the only worker is killed, and says what was lost with it", async () => {
  const items = itemsOf(1_000, (number) => {
    if (number === 300) process.kill(cluster.pidOf("diabetes-1-0") ?? 0, "SIGKILL");
  });
  const numbers: number[] = [];
  const codes = new Set<string | undefined>();
  for await (const { item, error } of client.bulk<number>({ model: "diabetes" }, items)) {
    numbers.push(item);
    codes.add(error?.code);
  }
  expect(numbers).toEqual(upTo(1_000));
  expect([...codes].filter((code) => code !== undefined && code !== "unavailable")).toEqual([]);
}, 120_000);

it("predicts through a gateway that is started again", async () => {
  const pid = cluster.pidOf("gateway") ?? 0;
  const patient = new SluiceClient(cluster.grpc, { retry: { attemptsMax: 30 } });
  const ask = () => patient.predict({ model: "diabetes", columns: columnsOf(1) });
  await ask();
  process.kill(pid, "SIGKILL");
  const [reply] = await Promise.all(Array.from({ length: 20 }, ask));
  expect(reply?.columns["progression"]).toHaveLength(2);
  await patient.close();
}, 60_000);

it("says what is wrong with a model or a feature", async () => {
  const none = client.bulk({ model: "none" }, itemsOf(1));
  await expect(none[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "not-found" });
  const wrong = client.predict({ model: "diabetes", records: [{ ages: 1 }] });
  await expect(wrong).rejects.toMatchObject({
    code: "invalid-argument",
    message: expect.stringContaining('"ages"'),
    predictionId: expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
});
