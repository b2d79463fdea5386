import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import type { KeyValueStore } from "#platform/bus/bus.ts";
import { openBus } from "#platform/bus/nats.ts";
import { silentLog } from "#platform/log.ts";
import { processName } from "#platform/process-name.ts";
import { eventually } from "../../test/support/monitor.ts";
import { startTestNats } from "../../test/support/nats.ts";
import { Lease } from "./lease.ts";

const key = "lease.wine";
// Long enough that no claim of these tests runs out by itself.
const longMs = 600_000;

describe("a claim", () => {
  it("is had by one at a time, and by the next one at once when it is let go", async () => {
    await using bucket = await open();
    const [one, two] = [lease(bucket.store, "one", longMs), lease(bucket.store, "two", longMs)];
    expect(await one.claim()).toBe(true);
    expect(await two.claim()).toBe(false);
    expect(await one.claim()).toBe(true);
    expect([one.epoch, two.epoch]).toEqual([1, undefined]);
    await one.release();
    expect(one.epoch).toBeUndefined();
    expect(await two.claim()).toBe(true);
    expect(two.epoch).toBe(2);
    expect(await one.claim()).toBe(false);
  });

  it("is taken over when its holder gives no sign of life", async () => {
    await using bucket = await open();
    const [one, two] = [lease(bucket.store, "one", longMs), lease(bucket.store, "two", 500)];
    await one.claim();
    await eventually(async () => ((await two.claim()) ? true : undefined));
    expect(two.epoch).toBe(2);
    expect(await one.claim()).toBe(false);
  });

  it("is taken over at once when its holder was a process here that has ended", async () => {
    await using bucket = await open();
    const child = spawn("sleep", ["60"]);
    const name = processName().replace(`/${process.pid}/`, `/${child.pid}/`);
    await lease(bucket.store, name, longMs).claim();
    const two = lease(bucket.store, processName(), longMs);
    expect(await two.claim()).toBe(false);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(await two.claim()).toBe(process.platform === "linux");
  });

  it("is not trusted any more when it was not renewed for half of its time", async () => {
    await using bucket = await open();
    const holder = lease(bucket.store, "one", 2000);
    await holder.claim();
    await eventually(async () => (holder.epoch === undefined ? true : undefined));
    expect(await holder.claim()).toBe(true);
    expect(holder.epoch).toBe(2);
  });

  it("is kept when the answer to a renewal was lost", async () => {
    await using bucket = await open();
    const holder = lease(bucket.store, "one", longMs);
    await holder.claim();
    const written = await bucket.store.get(key);
    const lost = await bucket.store.put(key, written?.value ?? new Uint8Array(0));
    expect(await holder.claim()).toBe(true);
    expect(holder.epoch).toBe(1);
    // Written once more: a taker's time counts from then, as the holder's does.
    expect((await bucket.store.get(key))?.revision).toBeGreaterThan(lost);
  });

  it("is refused where the key holds something else", async () => {
    await using bucket = await open();
    await bucket.store.put(key, new TextEncoder().encode("something else"));
    await expect(lease(bucket.store, "one", longMs).claim()).rejects.toThrow("no lease record");
  });
});

function lease(store: KeyValueStore, holder: string, leaseMs: number): Lease {
  return new Lease({ key, holder, leaseMs }, store);
}

async function open(): Promise<AsyncDisposable & { readonly store: KeyValueStore }> {
  await using opened = new AsyncDisposableStack();
  const nats = opened.use(await startTestNats());
  const bus = opened.use(await openBus({ url: nats.url, name: "test", log: silentLog }));
  const store = await eventually(() => bus.store("test"));
  const all = opened.move();
  return { store, [Symbol.asyncDispose]: () => all.disposeAsync() };
}
