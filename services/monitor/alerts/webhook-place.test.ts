import { afterAll, beforeAll, expect, it } from "vitest";
import type { Bus, KeyValueStore } from "#platform/bus/bus.ts";
import { openBus } from "#platform/bus/nats.ts";
import { monitorBucket } from "#platform/bus/streams.ts";
import { silentLog } from "#platform/log.ts";
import { eventually } from "../../../test/support/monitor.ts";
import { startTestNats } from "../../../test/support/nats.ts";
import { WebhookPlace } from "./webhook-place.ts";

const opened = new AsyncDisposableStack();
let bus: Bus;
let keys: KeyValueStore;

beforeAll(async () => {
  const nats = opened.use(await startTestNats());
  bus = opened.use(await openBus({ url: nats.url, name: "test", log: silentLog }));
  keys = await eventually(() => bus.store(monitorBucket));
});
afterAll(() => opened.disposeAsync());

const stream = { created: "monday", firstSeq: 3, lastSeq: 9 };

async function openPlace(key: string, of: Partial<typeof stream> = {}) {
  const found = await WebhookPlace.open({ key, stream: { ...stream, ...of } }, { keys });
  if (found === "conflict") throw new Error("somebody else has it");
  return { ...found, seq: found.place.seq };
}

it("begins with what comes next, and goes on from there", async () => {
  const first = await openPlace("begins");
  expect(first).toMatchObject({ seq: 9, isNew: true, isOther: false, gone: 0 });
  expect(await first.place.pass({ seq: 10 })).toBe(0);
  expect(await first.place.pass({ seq: 11 })).toBe(0);
  const next = await openPlace("begins", { lastSeq: 14 });
  expect(next).toMatchObject({ seq: 11, isNew: false, isOther: false, gone: 0 });
});

it("says what was gone, before it is opened and while it is read", async () => {
  await openPlace("gone");
  const next = await openPlace("gone", { firstSeq: 15, lastSeq: 20 });
  expect(next).toMatchObject({ seq: 14, isNew: false, gone: 5 });
  expect(await next.place.pass({ seq: 18 })).toBe(3);
});

it("begins anew with another stream", async () => {
  await openPlace("other");
  const next = await openPlace("other", { created: "tuesday", firstSeq: 1, lastSeq: 2 });
  expect(next).toMatchObject({ seq: 0, isNew: false, isOther: true, gone: 0 });
  expect(await next.place.pass({ seq: 1 })).toBe(0);
  const later = await openPlace("other", { created: "tuesday", firstSeq: 1, lastSeq: 2 });
  expect(later).toMatchObject({ seq: 1, isOther: false });
});

it("stands back where somebody else has moved it", async () => {
  const one = await openPlace("moved");
  const other = await openPlace("moved");
  expect(await other.place.pass({ seq: 10 })).toBe(0);
  expect(await one.place.pass({ seq: 10 })).toBe("conflict");
});

it("takes what is no place for none", async () => {
  await keys.put("none", new TextEncoder().encode('{"created":"monday"}'));
  expect(await openPlace("none")).toMatchObject({ seq: 9, isNew: true });
  expect(await openPlace("none", { lastSeq: 12 })).toMatchObject({ seq: 9, isNew: false });
});
