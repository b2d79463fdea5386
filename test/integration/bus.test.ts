import { expect, it } from "vitest";
import type { Bus, BusMessage, KeyValueChange } from "#platform/bus/bus.ts";
import { checkNats, openBus } from "#platform/bus/nats.ts";
import { sleep } from "#platform/clock.ts";
import { silentLog } from "#platform/log.ts";
import { startTestNats, type TestNats } from "../support/nats.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
const events = { name: "EVENTS", subjects: ["e.>"], bytesMax: 1e6, ageMsMax: 3_600_000 };

const connect = (url: string) => openBus({ url, name: "test", log: silentLog });

function connection(bus: Bus): Promise<void> {
  return new Promise((resolve) => {
    const unsubscribe = bus.onConnection(() => {
      unsubscribe();
      resolve();
    });
  });
}

async function connected(nats: TestNats): Promise<Bus> {
  const bus = await connect(nats.url);
  await connection(bus);
  return bus;
}

/** Takes `count` and ends the reading. */
async function take<T>(items: AsyncIterable<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  for await (const item of items) {
    taken.push(item);
    if (taken.length === count) break;
  }
  return taken;
}

const never = new AbortController().signal;
const texts = (messages: readonly BusMessage[]) => messages.map(({ data }) => decode(data));

it("refuses at once to publish while there is no server, and connects when it comes", async () => {
  await using nats = await startTestNats();
  await nats.stop();
  await using bus = await connect(nats.url);
  const unavailable = expect.objectContaining({ code: "unavailable" });
  await expect(bus.publish("e.a", encode("x"))).rejects.toEqual(unavailable);
  await expect(bus.store("b")).rejects.toEqual(unavailable);
  expect(bus.isConnected).toBe(false);
  const first = connection(bus);
  await nats.start();
  await first;
  expect(bus.isConnected).toBe(true);
});

it("refuses an address that is none and tells why a server cannot be used", async () => {
  await expect(connect("localhost")).rejects.toThrow(/NATS_URL must be like/);
  await using nats = await startTestNats();
  await expect(checkNats(nats.url)).resolves.toBeUndefined();
  const wrong = nats.url.replace(/\/\/[^@]*@/, "//wrong@");
  await expect(checkNats(wrong)).rejects.toThrow(/NATS_URL.*Authorization/);
  await nats.stop();
  await expect(checkNats(nats.url)).rejects.toThrow(/NATS_URL.*(refused|ECONNREFUSED)/i);
});

it("ends while it is still trying to connect", async () => {
  await using nats = await startTestNats();
  await nats.stop();
  const bus = await connect(nats.url);
  await bus[Symbol.asyncDispose]();
  await bus[Symbol.asyncDispose]();
  expect(bus.isConnected).toBe(false);
});

it("creates a stream once, changes its limits, and says what it holds", async () => {
  await using nats = await startTestNats();
  await using bus = await connected(nats);
  const state = await bus.ensureStream(events);
  expect(state).toMatchObject({ firstSeq: 1, lastSeq: 0 });
  await bus.publish("e.a", encode("1"));
  await bus.publish("e.a", encode("2"));
  const again = await bus.ensureStream({ ...events, bytesMax: 2e6 });
  expect(again).toEqual({ created: state.created, firstSeq: 1, lastSeq: 2 });
});

it("says so when no stream takes a subject or a message is too large", async () => {
  await using nats = await startTestNats();
  await using bus = await connected(nats);
  await expect(bus.publish("x.y", encode("1"))).rejects.toThrow(/publish x\.y: no stream/);
  await bus.ensureStream(events);
  await expect(bus.publish("e.a", new Uint8Array(2_000_000))).rejects.toMatchObject({
    code: "invalid-argument",
  });
});

it("stores a message once that is published twice under one id", async () => {
  await using nats = await startTestNats();
  await using bus = await connected(nats);
  await bus.ensureStream(events);
  await bus.publish("e.a", encode("1"), { messageId: "one" });
  await bus.publish("e.a", encode("1"), { messageId: "one" });
  expect(await bus.ensureStream(events)).toMatchObject({ lastSeq: 1 });
});

it("reads from a sequence on, with the times and subjects of the server", async () => {
  await using nats = await startTestNats();
  await using bus = await connected(nats);
  await bus.ensureStream(events);
  const before = Date.now();
  for (const text of ["1", "2", "3"]) await bus.publish(`e.${text}`, encode(text));
  const consume = (subjects: string[], fromSeq: number) =>
    bus.consume({ stream: "EVENTS", subjects, fromSeq, signal: never });
  const messages = await take(consume([], 2), 2);
  expect(messages.map(({ seq, subject }) => [seq, subject])).toEqual([
    [2, "e.2"],
    [3, "e.3"],
  ]);
  expect(messages[0]?.timeMs).toBeGreaterThan(before - 5_000);
  expect(texts(await take(consume(["e.3"], 1), 1))).toEqual(["3"]);
  expect(texts(await take(consume(["e.1", "e.3"], 1), 2))).toEqual(["1", "3"]);
});

it("reads on after the server was killed, without holes or repeats", async () => {
  await using nats = await startTestNats();
  await using bus = await connected(nats);
  await bus.ensureStream(events);
  const stop = new AbortController();
  const reading = bus.consume({ stream: "EVENTS", subjects: [], fromSeq: 1, signal: stop.signal });
  const iterator = reading[Symbol.asyncIterator]();
  await bus.publish("e.a", encode("1"));
  expect(decode((await iterator.next()).value?.data)).toBe("1");
  await nats.stop();
  await nats.start();
  await untilPublished(bus, "2");
  expect(decode((await iterator.next()).value?.data)).toBe("2");
  const last = iterator.next();
  stop.abort();
  expect((await last).done).toBe(true);
});

/** The bus learns of a lost connection a moment after the server has ended. */
async function untilPublished(bus: Bus, text: string): Promise<void> {
  for (;;) {
    try {
      return await bus.publish("e.a", encode(text), { messageId: text });
    } catch {
      await connection(bus);
    }
  }
}

it("notices that the stream it reads was made anew", async () => {
  await using nats = await startTestNats();
  await using bus = await connected(nats);
  const { created } = await bus.ensureStream(events);
  const consume = () =>
    bus.consume({ stream: "EVENTS", subjects: [], fromSeq: 1, created, signal: never });
  await nats.stop();
  await nats.start({ isEmpty: true });
  await expect(take(consume(), 1)).rejects.toThrow(/stream EVENTS is gone/);
  await connection(bus);
  await bus.ensureStream(events);
  await expect(take(consume(), 1)).rejects.toMatchObject({
    code: "failed-precondition",
    message: expect.stringMatching(/created anew/),
  });
});

it("reads many more messages than it keeps ahead, in order", async () => {
  await using nats = await startTestNats();
  await using bus = await connected(nats);
  await bus.ensureStream(events);
  const all = Array.from({ length: 500 }, (_, index) => String(index));
  await Promise.all(all.map((text) => bus.publish("e.a", encode(text))));
  const messages = await take(
    bus.consume({ stream: "EVENTS", subjects: [], fromSeq: 1, signal: never }),
    500,
  );
  expect(texts(messages)).toEqual(all);
});

it("keeps values by key, with compare-and-set", async () => {
  await using nats = await startTestNats();
  await using bus = await connected(nats);
  const store = await bus.store("settings");
  expect(await store.get("a")).toBeUndefined();
  const first = await store.create("a", encode("1"));
  expect(await store.create("a", encode("x"))).toBe("conflict");
  expect(await store.update("a", encode("2"), Number(first))).toBe(Number(first) + 1);
  expect(await store.update("a", encode("x"), Number(first))).toBe("conflict");
  expect(decode((await store.get("a"))?.value)).toBe("2");
  await store.delete("a");
  await store.delete("never-there");
  expect(await store.get("a")).toBeUndefined();
  expect(await store.create("a", encode("3"))).not.toBe("conflict");
});

it("tells a watcher what was there, then what changes, and all again after a loss", async () => {
  await using nats = await startTestNats();
  await using bus = await connected(nats);
  const store = await bus.store("workers");
  await store.put("a", encode("1"));
  await store.put("b", encode("2"));
  const stop = new AbortController();
  const watch = store.watch({ signal: stop.signal })[Symbol.asyncIterator]();
  const next = async () => shown((await watch.next()).value);
  expect([await next(), await next()]).toEqual(["a=1 initial", "b=2 initial"]);
  await store.put("b", encode("3"));
  expect(await next()).toBe("b=3");
  await store.delete("a");
  expect(await next()).toBe("a gone");
  await nats.stop();
  await nats.start();
  expect([await next(), await next()]).toEqual(["b=3 initial", "a gone initial"]);
  const last = watch.next();
  stop.abort();
  expect((await last).done).toBe(true);
});

function shown(change: KeyValueChange | undefined): string {
  if (change === undefined) return "end";
  const value = change.value === undefined ? " gone" : `=${decode(change.value)}`;
  return `${change.key}${value}${change.isInitial ? " initial" : ""}`;
}

it("makes a bucket again that went with the server's files", async () => {
  await using nats = await startTestNats();
  await using bus = await connected(nats);
  const store = await bus.store("workers");
  await store.put("a", encode("1"));
  await nats.stop();
  await nats.start({ isEmpty: true });
  await expect
    .poll(() => store.put("a", encode("2")).catch(() => "not yet"), { timeout: 20_000 })
    .toBe(1);
});

it("keeps whole objects", async () => {
  await using nats = await startTestNats();
  await using bus = await connected(nats);
  const objects = await bus.objects("snapshots");
  const large = Uint8Array.from({ length: 700_000 }, (_, index) => index % 251);
  await objects.put("large", large);
  await objects.put("empty", new Uint8Array());
  expect(await objects.get("large")).toEqual(large);
  expect(await objects.get("empty")).toEqual(new Uint8Array());
  expect([...(await objects.list())].sort()).toEqual(["empty", "large"]);
  await objects.delete("large");
  await objects.delete("never-there");
  expect(await objects.get("large")).toBeUndefined();
  expect(await objects.list()).toEqual(["empty"]);
});

it("finds a stream without making one, and reads it from a time on", async () => {
  await using nats = await startTestNats();
  await using bus = await connected(nats);
  expect(await bus.findStream(events.name, "e.a")).toBeUndefined();
  await bus.ensureStream(events);
  expect(await bus.findStream(events.name, "e.a")).toMatchObject({
    ...{ firstSeq: 1, lastSeq: 0, firstTimeMs: undefined, last: undefined },
  });
  for (const [subject, text] of [
    ["e.a", "one"],
    ["e.b", "two"],
    ["e.a", "three"],
    ["e.b", "four"],
  ] as const) {
    await bus.publish(subject, encode(text));
    await sleep(20);
  }
  const stop = new AbortController();
  const of = { stream: events.name, subjects: ["e.a"], fromSeq: 1, signal: stop.signal };
  const [first, third] = await take(bus.consume(of), 2);
  const found = await bus.findStream(events.name, "e.a");
  expect(found).toMatchObject({ firstSeq: 1, lastSeq: 4, last: { seq: 3 } });
  expect(found?.firstTimeMs).toBe(first?.timeMs);
  expect(found?.last?.timeMs).toBe(third?.timeMs);
  const fromTimeMs = (first?.timeMs ?? 0) + 10;
  const [later] = await take(bus.consume({ ...of, fromTimeMs }), 1);
  expect(later).toMatchObject({ seq: 3 });
  stop.abort();
});
