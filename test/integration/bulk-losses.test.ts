import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type BulkAnswer, SluiceClient } from "#client/index.ts";
import { samplesDir, startTestCluster, type TestCluster } from "../support/cluster.ts";
import { reportWhen } from "../support/monitor.ts";
import { makeRepository } from "../support/repository.ts";

const items = 300;
const rowsPerItem = 10;
const open = new AsyncDisposableStack();
let cluster: TestCluster;
let client: SluiceClient;
let whole: readonly BulkAnswer<number>[];

/** The wine sample on two workers behind two gateways, with a window that lasts for the test. */
beforeAll(async () => {
  const read = async (path: string) => await readFile(join(samplesDir, "wine", path));
  const settings = `replicas: 2\nmonitoring: { windowMs: 86400000 }\n${await read("model.yaml")}`;
  const models = open.use(
    await makeRepository({
      "wine/model.yaml": settings,
      "wine/1/model.onnx": await read("1/model.onnx"),
      "wine/1/baseline.json": await read("1/baseline.json"),
    }),
  );
  // Every row is to be counted, however fast they come.
  const env = { SLUICE_EVENT_VALUES_PER_SECOND: "100000000" };
  cluster = open.use(await startTestCluster({ modelsDir: models.root, gateways: 2, env }));
  client = open.use(new SluiceClient(cluster.grpc));
  whole = await pass(() => {});
});

afterAll(async () => await open.disposeAsync());

/** Predicts all items in a stream; `onAnswer` is told how many have been answered. */
async function pass(onAnswer: (count: number) => void): Promise<readonly BulkAnswer<number>[]> {
  const answers: BulkAnswer<number>[] = [];
  for await (const answer of client.bulk<number>({ model: "wine", ordered: false }, input())) {
    answers.push(answer);
    onAnswer(answers.length);
  }
  return answers.sort((one, other) => one.item - other.item);
}

function* input() {
  const names = ["alcohol", "malic_acid", "ash", "alcalinity_of_ash", "magnesium"];
  names.push("total_phenols", "flavanoids", "nonflavanoid_phenols", "proanthocyanins");
  names.push("color_intensity", "hue", "od280_od315_of_diluted_wines", "proline");
  for (let item = 0; item < items; item += 1) {
    const values = (at: number) =>
      Array.from({ length: rowsPerItem }, (_, row) => 1 + ((7 * item + 3 * row + at) % 29) / 2);
    yield { columns: Object.fromEntries(names.map((name, at) => [name, values(at)])), tag: item };
  }
}

function expectWhole(answers: readonly BulkAnswer<number>[]): void {
  expect(answers.map(({ item }) => item)).toEqual(Array.from({ length: items }, (_, at) => at));
  for (const [at, { error, failedRows, predictions, tag }] of answers.entries()) {
    expect({ error, failedRows, tag }).toEqual({ error: undefined, failedRows: [], tag: at });
    expect(predictions?.columns).toEqual(whole[at]?.predictions?.columns);
  }
}

function kill(name: string | undefined): void {
  const pid = cluster.pidOf(name ?? "");
  if (pid !== undefined) process.kill(pid, "SIGKILL");
}

it("answers each item once and counts each row once though gateways are killed", async () => {
  expectWhole(whole);
  const [one, other] = cluster.gateways;
  const answers = await pass((count) => {
    // Whichever it is that has the stream, one of these is it.
    if (count === 40) kill(one);
    if (count === 160) kill(other);
  });
  expectWhole(answers);
  const rows = 2 * items * rowsPerItem;
  const { http = "" } = cluster.addresses.monitor ?? {};
  const report = await reportWhen(http, ({ open: now }) => (now?.rows ?? 0) >= rows);
  expect(report.open?.rows).toBe(rows);
  expect(report.counters.rowsLost).toBe(0);
});

it("answers each item once though a worker is killed", async () => {
  const [worker] = cluster.addresses.workers;
  expectWhole(
    await pass((count) => {
      if (count === 40) kill(worker?.instance);
    }),
  );
});
