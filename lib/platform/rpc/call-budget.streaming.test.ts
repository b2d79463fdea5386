import { constants } from "node:http2";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  type BudgetedOptions,
  mebibyte,
  startBudgeted,
  streamingPath,
} from "../../../test/support/budgeted-server.ts";
import { begin, prefixOf, roundTrip, statusOf, until } from "../../../test/support/raw-calls.ts";
import { refusedReplyOf } from "./call-hooks.ts";

let open = new AsyncDisposableStack();
afterEach(async () => {
  vi.useRealTimers();
  await open.disposeAsync();
  open = new AsyncDisposableStack();
});

const serve = async (options: Omit<BudgetedOptions, "way">) =>
  open.use(await startBudgeted({ way: "handlers", ...options }));

const streaming = { ":path": streamingPath };

describe("the budget for replies of streaming calls", () => {
  it("no longer counts what has been read while they stay open", async () => {
    const reply = new Uint8Array(mebibyte);
    const { told, budget, dial } = await serve({ unreadBytesMax: mebibyte, reply });
    const session = dial();
    for (let count = 1; count <= 4; count += 1) {
      const call = begin(session, 5, streaming);
      call.write(Buffer.alloc(5));
      call.resume();
      await until(() => told.handled === count);
      await until(() => budget.unreadBytes === 0);
    }
    expect(told.refused).toEqual([]);
  });

  it("tells a call that it ends over them why", async () => {
    const reply = new Uint8Array(mebibyte);
    const { told, streams, dial } = await serve({ unreadBytesMax: mebibyte, reply });
    const session = dial({ initialWindowSize: 0 });
    begin(session, 5, streaming).write(Buffer.alloc(5));
    await until(() => told.handled === 1);
    const call = begin(session, 5, streaming);
    await until(() => streams.length === 2);
    const [, stream] = streams;
    const why = new Promise((resolve) => {
      stream?.once("cancelled", () => resolve(refusedReplyOf(stream)));
    });
    call.write(Buffer.alloc(5));
    expect(await why).toMatchObject({ code: "resource-exhausted" });
    expect(told.refused).toEqual(["unread"]);
  });
});

describe("the budget for uploads of streaming calls", () => {
  it("counts each message for itself where frames span two", async () => {
    const { told, budget, dial } = await serve({});
    const call = begin(dial(), 1_000, streaming);
    call.resume();
    call.write(Buffer.alloc(400));
    await until(() => budget.uploadBytes === 1_000);
    for (let count = 1; count <= 5; count += 1) {
      const left = count === 1 ? 600 : 1_000 * count - 100;
      const next = 1_000 * (count + 1);
      call.write(Buffer.concat([Buffer.alloc(left), prefixOf(next), Buffer.alloc(100)]));
      await until(() => told.handled === count);
      expect(budget.uploadBytes).toBe(next);
    }
    call.end(Buffer.alloc(5_900));
    await until(() => told.handled === 6);
    expect(budget.uploadBytes).toBe(0);
  });

  it("has a message wait that begins in the frame in which another ends", async () => {
    const { told, budget, dial } = await serve({
      uploads: { bytesMax: 2 * mebibyte, waitingMax: 2 },
    });
    const session = dial();
    const holder = begin(session, 1.5 * mebibyte);
    holder.write(Buffer.alloc(100));
    await until(() => budget.uploadBytes > 0);
    const call = begin(session, 100, streaming);
    call.resume();
    const next = [prefixOf(mebibyte / 2), Buffer.alloc(100)];
    call.write(Buffer.concat([Buffer.alloc(100), ...next]));
    await until(() => told.handled === 1);
    call.write(Buffer.alloc(mebibyte / 2 - 100));
    for (let round = 0; round < 50; round += 1) await roundTrip(session);
    expect([told.handled, budget.uploadBytes]).toEqual([1, 1.5 * mebibyte]);
    holder.close();
    await until(() => told.handled === 2);
    call.end();
    expect(budget.uploadBytes).toBe(0);
  });

  it("tells why it ends one that has had replies", async () => {
    const { told, dial } = await serve({ uploadMsMax: 1 });
    const call = begin(dial(), 5, streaming);
    const status = statusOf(call);
    call.write(Buffer.alloc(5));
    await until(() => told.handled === 1);
    call.write(prefixOf(1_000));
    expect(await status).toBe("4");
  });

  it("leaves one alone that its application has not asked for, until others wait", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const { told, budget, streams, dial } = await serve({
      ...{ uploads: { bytesMax: 1_500, waitingMax: 2 }, uploadMsMax: 60_000 },
    });
    const session = dial();
    const openPaused = async () => {
      const { handled } = told;
      const call = begin(session, 5, streaming);
      call.resume();
      call.write(Buffer.alloc(5));
      await until(() => told.handled > handled);
      streams.at(-1)?.pause();
      // One is read ahead, and nobody asks for the one after it.
      call.write(Buffer.concat([prefixOf(5), Buffer.alloc(5), prefixOf(1_000), Buffer.alloc(100)]));
      await until(() => budget.uploadBytes === 1_000);
      vi.advanceTimersByTime(100_000);
      for (let round = 0; round < 5; round += 1) await roundTrip(session);
      expect(budget.uploadBytes).toBe(1_000);
      return call;
    };
    const first = await openPaused();
    streams[0]?.resume();
    await until(() => told.handled === 2);
    vi.advanceTimersByTime(50_000);
    first.write(Buffer.alloc(900));
    await until(() => told.handled === 3);
    const second = await openPaused();
    const other = begin(session, 1_000);
    other.end(Buffer.alloc(1_000));
    for (let round = 0; round < 5; round += 1) await roundTrip(session);
    expect(budget.uploadBytes).toBe(1_000);
    vi.advanceTimersByTime(1_000);
    expect(await statusOf(other)).toBe("0");
    await until(() => second.closed);
    expect(second.rstCode).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  });
});
