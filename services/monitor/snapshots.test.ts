import { describe, expect, it } from "vitest";
import { Failure } from "#core/failure.ts";
import { ModelWatch } from "#core/monitor/model-watch.ts";
import type { KeyValueStore, ObjectStore } from "#platform/bus/bus.ts";
import { openBus } from "#platform/bus/nats.ts";
import { silentLog } from "#platform/log.ts";
import { eventually } from "../../test/support/monitor.ts";
import { startTestNats } from "../../test/support/nats.ts";
import { makeEvent, sampleDefinition } from "../../test/support/prediction-events.ts";
import { Snapshots } from "./snapshots.ts";

const watch = new ModelWatch(
  { model: "wine", windowMs: 1000, graceMs: 0, thresholds: {} },
  new Map([[1, sampleDefinition()]]),
);
const x = [Number.NaN, 1e308, 0.1];
for (const seq of [1, 2]) {
  const event = makeEvent({ of: [{ id: seq, timeMs: seq * 5000, x }], seq });
  watch.apply({ timeMs: seq * 5000, seq, version: 1, body: { kind: "event", event } });
}
const [state, history] = [watch.state(), watch.history()];
const position = { created: "then", seq: 7 };
const nothing = { saved: undefined, position: undefined, problem: undefined };

describe("a snapshot", () => {
  it("comes back as it was saved", async () => {
    await using stores = await open();
    const first = snapshots(stores, 1);
    expect(await first.load()).toEqual(nothing);
    expect(await first.save({ state, history, position })).toBe(true);
    const loaded = await snapshots(stores, 2).load();
    expect(loaded).toEqual({ saved: { state, history }, position, problem: undefined });
  });

  it("keeps the parts that have not changed, and no others", async () => {
    await using stores = await open();
    const first = snapshots(stores, 1);
    await first.load();
    await first.save({ state, history, position });
    await first.save({ state, history: undefined, position: { ...position, seq: 8 } });
    await first.save({ state: undefined, history: undefined, position: { ...position, seq: 9 } });
    expect(await stores.objects.list()).toHaveLength(2);
    await stores.objects.put("wine.1.left-behind", new Uint8Array(3));
    await stores.objects.put("winery.1.of-another-model", new Uint8Array(3));
    const loaded = await snapshots(stores, 2).load();
    expect(loaded).toMatchObject({ position: { seq: 9 } });
    expect(await stores.objects.list()).toHaveLength(3);
  });

  it("holds hours apart, as long as there are any", async () => {
    await using stores = await open();
    const first = snapshots(stores, 1);
    await first.load();
    const counts = Uint32Array.from([1, 2]);
    const hour = {
      startMs: 0,
      rows: 3,
      counts,
      sums: new Float64Array(1),
      quality: new Float64Array(6),
    };
    const hours = [{ version: 1, past: { cells: "one", hours: [hour] } }];
    await first.save({ state, history, hours, position });
    await first.save({ state, history: undefined, position });
    expect(await stores.objects.list()).toHaveLength(3);
    const second = snapshots(stores, 2);
    expect(await second.load()).toMatchObject({ saved: { state, history, hours } });
    await second.save({ state: undefined, history: undefined, hours: [], position });
    expect(await stores.objects.list()).toHaveLength(2);
    const loaded = await snapshots(stores, 3).load();
    expect(loaded).toMatchObject({ saved: { hours: undefined }, problem: undefined });
  });

  it("is refused to whoever has lost the claim", async () => {
    await using stores = await open();
    const [old, next] = [snapshots(stores, 1), snapshots(stores, 2)];
    await old.load();
    await old.save({ state, history, position });
    await next.load();
    expect(await old.save({ state, history, position: { ...position, seq: 99 } })).toBe(false);
    expect(await snapshots(stores, 1).load()).toBe("conflict");
    expect(await next.save({ state, history, position })).toBe(true);
    expect(await stores.objects.list()).toHaveLength(2);
  });

  it("is kept when the answer to an earlier write was lost", async () => {
    await using stores = await open();
    const holder = snapshots(stores, 1);
    await holder.load();
    const written = await stores.keys.get("snapshot.wine");
    await stores.keys.put("snapshot.wine", written?.value ?? new Uint8Array(0));
    expect(await holder.save({ state, history, position })).toBe(true);
  });

  it.each([
    ["no JSON", "{"],
    ["nothing", "null"],
    ["another epoch", '{"epoch":"1","positions":{}}'],
    ["no positions", '{"epoch":1,"positions":null}'],
    ["objects without names", '{"epoch":1,"positions":{},"objects":{}}'],
    [
      "hours without a name",
      '{"epoch":1,"positions":{},"objects":' +
        '{"state":{"name":"s"},"history":{"name":"h"},"hours":{}}}',
    ],
  ])("begins anew where the pointer holds %s", async (_what, pointer) => {
    await using stores = await open();
    await stores.keys.put("snapshot.wine", new TextEncoder().encode(pointer));
    const holder = snapshots(stores, 2);
    expect(await holder.load()).toEqual(nothing);
    expect(await holder.save({ state, history, position })).toBe(true);
  });

  it("leaves nothing behind when it is not known whether an earlier one was saved", async () => {
    await using stores = await open();
    const holder = snapshots(stores, 1);
    await holder.load();
    await holder.save({ state, history, position });
    const failing = failingOnce(stores.keys);
    const other = snapshots({ ...stores, keys: failing }, 2);
    await other.load();
    failing.fail();
    await expect(other.save({ state, history, position })).rejects.toThrow("no answer");
    expect(await other.save({ state, history, position })).toBe(true);
    expect(await stores.objects.list()).toHaveLength(2);
  });

  it("that is damaged is told, and not used", async () => {
    await using stores = await open();
    const holder = snapshots(stores, 1);
    await holder.load();
    await holder.save({ state, history, position });
    for (const name of await stores.objects.list())
      await stores.objects.put(name, Uint8Array.of(1));
    expect(await snapshots(stores, 2).load()).toMatchObject({
      saved: undefined,
      position: undefined,
      problem: expect.stringContaining("is not what was saved"),
    });
  });
});

type Stores = { readonly keys: KeyValueStore; readonly objects: ObjectStore };

let names = 0;

function snapshots(stores: Stores, epoch: number): Snapshots {
  const uniqueName = () => {
    names += 1;
    return `${epoch}.${names}`;
  };
  return new Snapshots({ model: "wine", epoch, stream: "S", uniqueName }, stores);
}

/** Writes what it is given, and can be told to keep the next answer to itself. */
function failingOnce(keys: KeyValueStore): KeyValueStore & { readonly fail: () => void } {
  let isFailing = false;
  return {
    ...keys,
    fail: () => {
      isFailing = true;
    },
    update: async (...args) => {
      const revision = await keys.update(...args);
      if (!isFailing) return revision;
      isFailing = false;
      throw new Failure("deadline-exceeded", "no answer");
    },
  };
}

async function open(): Promise<AsyncDisposable & Stores> {
  await using opened = new AsyncDisposableStack();
  const nats = opened.use(await startTestNats());
  const bus = opened.use(await openBus({ url: nats.url, name: "test", log: silentLog }));
  const keys = await eventually(() => bus.store("test"));
  const objects = await bus.objects("test");
  const all = opened.move();
  return { keys, objects, [Symbol.asyncDispose]: () => all.disposeAsync() };
}
