import { expect, it } from "vitest";
import { BulkStream } from "#client/bulk.ts";
import { Channel } from "#client/channel.ts";
import { Endpoints } from "#client/endpoints.ts";
import {
  type BulkAnswer,
  type BulkItem,
  type BulkOptions,
  type BulkPosition,
  SluiceClient,
} from "#client/index.ts";
import { FakeGateway, type FakeGatewayOptions } from "../support/fake-gateway.ts";

const options: BulkOptions = { model: "m" };

function* itemsOf(count: number, onTaken: (number: number) => void = () => {}) {
  for (let number = 0; number < count; number++) {
    onTaken(number);
    yield { columns: { x: [number, number + 0.5] }, tag: number };
  }
}

async function answersOf(
  client: SluiceClient,
  items: AsyncIterable<BulkItem<number>> | Iterable<BulkItem<number>>,
  more: Partial<BulkOptions> = {},
): Promise<BulkAnswer<number>[]> {
  const answers: BulkAnswer<number>[] = [];
  for await (const answer of client.bulk<number>({ ...options, ...more }, items)) {
    answers.push(answer);
  }
  return answers;
}

function numbersOf(answers: readonly BulkAnswer<number>[]): number[] {
  for (const { item, tag, predictions } of answers) {
    expect(tag).toBe(item);
    expect(predictions?.columns["double"]).toEqual([2 * item, 2 * item + 1]);
  }
  return answers.map(({ item }) => item);
}

const upTo = (count: number) => Array.from({ length: count }, (_, number) => number);

it("answers every item once and in order, within the window", async () => {
  await using gateway = await FakeGateway.start();
  await using client = new SluiceClient(gateway.address);
  expect(numbersOf(await answersOf(client, itemsOf(50)))).toEqual(upTo(50));
  expect(gateway.outstandingMax).toBeLessThanOrEqual(4);
  expect(gateway.opened).toMatchObject([{ model: "m", version: "", ordered: true }]);
});

it("ends at once where there is no item", async () => {
  await using gateway = await FakeGateway.start();
  await using client = new SluiceClient(gateway.address);
  expect(await answersOf(client, [])).toEqual([]);
});

const mishaps: [string, FakeGatewayOptions["onItem"]][] = [
  ["breaks with a status", ({ answers }) => (answers >= 3 ? "break" : "answer")],
  ["is ended early", ({ answers }) => (answers >= 3 ? "end" : "answer")],
  ["answers twice", () => "twice"],
];

it.each(mishaps)("still answers once where the stream %s", async (_, onItem) => {
  await using gateway = await FakeGateway.start(onItem === undefined ? {} : { onItem });
  await using client = new SluiceClient(gateway.address);
  expect(numbersOf(await answersOf(client, itemsOf(20)))).toEqual(upTo(20));
});

it("resumes with the token on another gateway when one is killed", async () => {
  let isKilled = false;
  const onItem = ({ number }: { readonly number: number }) => {
    if (number !== 10 || isKilled) return "answer";
    isKilled = true;
    return "kill";
  };
  await using one = await FakeGateway.start({ onItem });
  await using other = await FakeGateway.start({ onItem });
  await using client = new SluiceClient([one.address, other.address]);
  expect(numbersOf(await answersOf(client, itemsOf(40)))).toEqual(upTo(40));
  const [first, second] = [...one.opened, ...other.opened];
  expect(one.opened).toHaveLength(1);
  expect(other.opened).toHaveLength(1);
  const resumed = first?.resumeToken.length === 0 ? second : first;
  expect(Buffer.from(resumed?.resumeToken ?? "").toString()).toMatch(/^[0-9a-f]{32} \d+$/);
  expect(resumed?.version).toBe("1");
});

it("does not end when the gateway sends GOAWAY", async () => {
  await using gateway = await FakeGateway.start();
  await using client = new SluiceClient(gateway.address);
  const onTaken = (number: number) => {
    if (number === 20) gateway.goAway();
  };
  expect(numbersOf(await answersOf(client, itemsOf(60, onTaken)))).toEqual(upTo(60));
});

it("gives answers as they come where order does not matter", async () => {
  let isHeld = false;
  const onItem = ({ number, answers }: { readonly number: number; readonly answers: number }) => {
    if (number === 1 && !isHeld) {
      isHeld = true;
      return "hold";
    }
    return answers >= 6 ? "break" : "answer";
  };
  await using gateway = await FakeGateway.start({ onItem });
  await using client = new SluiceClient(gateway.address);
  const numbers = numbersOf(await answersOf(client, itemsOf(12), { ordered: false }));
  expect(numbers.slice(0, 3)).toEqual([0, 2, 3]);
  expect(numbers.toSorted((one, other) => one - other)).toEqual(upTo(12));
});

it("goes on in another process from a position", async () => {
  await using gateway = await FakeGateway.start();
  await using client = new SluiceClient(gateway.address);
  const before: number[] = [];
  const stream = client.bulk<number>(options, itemsOf(20));
  let position: BulkPosition | undefined;
  for await (const { item } of stream) {
    before.push(item);
    position = stream.position;
    if (item === 7) break;
  }
  expect(position?.nextItem).toBe(8);
  const resume = position as BulkPosition;
  const items = [...itemsOf(20)].slice(8);
  const after = await answersOf(client, items, { resume });
  expect([...before, ...numbersOf(after)]).toEqual(upTo(20));
  expect(Buffer.from(gateway.opened[1]?.resumeToken ?? "").toString()).toMatch(/ 8$/);
});

it("reads no more of the input than may be unanswered", async () => {
  await using gateway = await FakeGateway.start();
  await using client = new SluiceClient(gateway.address);
  let taken = 0;
  const items = itemsOf(40, (number) => {
    taken = number + 1;
  });
  let given = 0;
  for await (const { item } of client.bulk<number>(options, items)) {
    given += 1;
    expect(item).toBe(given - 1);
    expect(taken - given).toBeLessThanOrEqual(4);
  }
  expect(given).toBe(40);
});

it("tells rows that failed, and goes on", async () => {
  await using gateway = await FakeGateway.start({
    onItem: ({ number }) => (number === 1 ? "fail" : "answer"),
  });
  await using client = new SluiceClient(gateway.address);
  const [, bad, good] = await answersOf(client, itemsOf(3));
  expect(bad?.failedRows).toMatchObject([{ row: 0, error: { code: "invalid-argument" } }]);
  expect(bad?.predictions?.columns["double"]).toEqual([null, 3]);
  expect(good?.failedRows).toEqual([]);
});

it("ends with the input's own error", async () => {
  await using gateway = await FakeGateway.start();
  await using client = new SluiceClient(gateway.address);
  const failing = (async function* () {
    yield { columns: { x: [1] }, tag: 0 };
    throw new Error("the file is gone");
  })();
  await expect(answersOf(client, failing)).rejects.toThrow("the file is gone");
});

it("ends with `cancelled` on abort, and with `deadline-exceeded` when time is up", async () => {
  await using gateway = await FakeGateway.start({ onItem: () => "hold" });
  await using client = new SluiceClient(gateway.address);
  const controller = new AbortController();
  const items = itemsOf(3, (number) => {
    if (number === 2) controller.abort();
  });
  const aborted = answersOf(client, items, { signal: controller.signal });
  await expect(aborted).rejects.toMatchObject({ name: "SluiceError", code: "cancelled" });
  const late = answersOf(client, itemsOf(3), { deadlineMs: 50 });
  await expect(late).rejects.toMatchObject({ code: "deadline-exceeded" });
  const stalled = answersOf(client, itemsOf(3), { stallMs: 50 });
  await expect(stalled).rejects.toMatchObject({ code: "deadline-exceeded" });
});

it("sends nothing with a signal that has aborted before", async () => {
  await using gateway = await FakeGateway.start();
  await using client = new SluiceClient(gateway.address);
  const signal = AbortSignal.abort();
  await client.predict({ model: "m", records: [{ x: 1 }] });
  const aborted = answersOf(client, itemsOf(3), { signal });
  await expect(aborted).rejects.toMatchObject({ name: "SluiceError", code: "cancelled" });
  expect(gateway.opened).toEqual([]);
});

it("lets a gateway rest no longer that has accepted a stream", async () => {
  await using gateway = await FakeGateway.start();
  const channel = new Channel({ address: gateway.address, tls: undefined, messageBytesMax: 1e6 });
  using _ = { [Symbol.dispose]: () => channel.close() };
  const endpoints = new Endpoints(2, 0);
  const now = Date.now();
  endpoints.failed(0, now);
  endpoints.failed(1, now);
  const closing = new AbortController().signal;
  const modules = { items: itemsOf(1), channels: [channel, channel], endpoints, closing };
  const stream = new BulkStream({ ...options, connectMs: 5_000 }, modules);
  for await (const { item } of stream) expect(item).toBe(0);
  expect([endpoints.hasOther(1, now), endpoints.hasOther(0, now)]).toEqual([true, false]);
});

it("says why there is no connection when it has tried for long enough", async () => {
  await using client = new SluiceClient("127.0.0.1:1");
  const refused = answersOf(client, itemsOf(3), { stallMs: 300 });
  await expect(refused).rejects.toMatchObject({ code: "unavailable" });
  await expect(refused).rejects.toThrow(/ECONNREFUSED/);
});

it("names the item that cannot be sent", async () => {
  await using gateway = await FakeGateway.start();
  await using client = new SluiceClient(gateway.address);
  const mixed = answersOf(client, [{ columns: { x: [1, 2], y: ["a", 2] }, tag: 0 }]);
  await expect(mixed).rejects.toThrow('item 0: feature "y" has both texts and numbers');
});
