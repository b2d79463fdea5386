import { afterEach, describe, expect, it, vi } from "vitest";
import {
  type BudgetedOptions,
  type BudgetedServer,
  mebibyte,
  startBudgeted,
} from "../../../test/support/budgeted-server.ts";
import { begin, roundTrip, statusOf, until } from "../../../test/support/raw-calls.ts";

let open = new AsyncDisposableStack();
afterEach(async () => {
  vi.useRealTimers();
  await open.disposeAsync();
  open = new AsyncDisposableStack();
});

type Start = (options: Omit<BudgetedOptions, "way">) => Promise<BudgetedServer>;

const serve = async (options: BudgetedOptions) => open.use(await startBudgeted(options));

const ways: readonly (readonly [string, Start])[] = [
  ["beside grpc-js", (options) => serve({ way: "unary", ...options })],
  ["by grpc-js", (options) => serve({ way: "handlers", ...options })],
];

describe.each(ways)("the budget for uploads, of calls served %s", (_, start) => {
  it("has large ones wait for room while small ones go on, and all arrive", async () => {
    const large = 2 * mebibyte;
    const { told, budget, dial } = await start({
      uploads: { bytesMax: 10 * mebibyte, waitingMax: 100 },
    });
    const session = dial();
    // Half of each: none of them can be handled yet.
    const calls = Array.from({ length: 40 }, () => begin(session, large));
    for (const call of calls) call.write(Buffer.alloc(large / 2));
    await until(() => budget.uploadBytes > 0);
    for (let round = 0; round < 20; round += 1) {
      const small = begin(session, 100);
      small.end(Buffer.alloc(100));
      expect(await statusOf(small)).toBe("0");
      expect(budget.uploadBytes).toBeLessThanOrEqual(10 * mebibyte);
    }
    expect(told.handled).toBe(20);
    for (const call of calls) call.end(Buffer.alloc(large / 2));
    expect(new Set(await Promise.all(calls.map(statusOf)))).toEqual(new Set(["0"]));
    expect([told.handled, budget.uploadBytes, told.refused.length]).toEqual([60, 0, 0]);
  });

  it("refuses what would wait beside too many, without reading it", async () => {
    const { told, dial } = await start({ uploads: { bytesMax: mebibyte, waitingMax: 2 } });
    const session = dial();
    const calls = Array.from({ length: 5 }, () => begin(session, mebibyte / 2));
    for (const call of calls) call.write(Buffer.alloc(100));
    const refused = await Promise.all([statusOf(calls[3] as never), statusOf(calls[4] as never)]);
    expect(refused).toEqual(["8", "8"]);
    expect(told.refused).toEqual(["upload", "upload"]);
    for (const call of calls.slice(0, 3)) call.end(Buffer.alloc(mebibyte / 2 - 100));
    expect(await Promise.all(calls.slice(0, 3).map(statusOf))).toEqual(["0", "0", "0"]);
  });

  it("gives the room of callers that vanish to those that wait", async () => {
    const { budget, dial } = await start({ uploads: { bytesMax: mebibyte, waitingMax: 2 } });
    const [gone, waiting] = [dial(), dial()];
    begin(gone, mebibyte / 2).write(Buffer.alloc(100));
    await until(() => budget.uploadBytes > 0);
    const call = begin(waiting, mebibyte / 2);
    call.end(Buffer.alloc(mebibyte / 2));
    await roundTrip(waiting);
    gone.destroy();
    expect(await statusOf(call)).toBe("0");
    expect(budget.uploadBytes).toBe(0);
  });

  it("ends what does not arrive, with and without a deadline of its own", async () => {
    const { budget, dial } = await start({ uploadMsMax: 1 });
    const call = begin(dial(), mebibyte);
    call.write(Buffer.alloc(100));
    expect(await statusOf(call)).toBe("4");
    expect(budget.uploadBytes).toBe(0);
  });

  it("soon looks whether there is room for what waits beside something that goes on", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { told, budget, dial } = await start({
      uploads: { bytesMax: 2 * mebibyte, waitingMax: 2 },
    });
    const session = dial();
    begin(session, 1_000).write(Buffer.alloc(100));
    await until(() => budget.uploadBytes > 0);
    told.heldBytes = 2 * mebibyte;
    const call = begin(session, 1_000);
    call.write(Buffer.alloc(100));
    for (let round = 0; round < 5; round += 1) await roundTrip(session);
    told.heldBytes = 0;
    vi.advanceTimersByTime(20);
    expect(budget.uploadBytes).toBe(2_000);
    call.end(Buffer.alloc(900));
    expect(await statusOf(call)).toBe("0");
  });

  it("closes the stream of a call that expires while it waits", async () => {
    const { budget, dial } = await start({ uploads: { bytesMax: mebibyte, waitingMax: 2 } });
    const session = dial();
    begin(session, mebibyte / 2).write(Buffer.alloc(100));
    await until(() => budget.uploadBytes > 0);
    const call = begin(session, 5 * mebibyte, { "grpc-timeout": "100m" });
    call.end(Buffer.alloc(5 * mebibyte));
    expect(await statusOf(call)).toBe("4");
    expect(budget.uploadBytes).toBe(mebibyte / 2);
  });
});

describe.each(ways)("the budget for replies, of calls served %s", (_, start) => {
  const reply = new Uint8Array(mebibyte);

  it("refuses further calls of a connection that reads nothing, and of no other", async () => {
    const { told, budget, dial } = await start({ unreadBytesMax: 10 * mebibyte, reply });
    const [deaf, other] = [dial({ initialWindowSize: 0 }), dial()];
    const calls = Array.from({ length: 100 }, () => begin(deaf, 5));
    for (const call of calls) call.end(Buffer.alloc(5));
    const refused = await Promise.all(calls.slice(20).map(statusOf));
    expect(new Set(refused)).toEqual(new Set(["8"]));
    expect(told.refused).toHaveLength(90);
    expect(told.unsent).toEqual(told.refused.map(() => "resource-exhausted"));
    expect(budget.unreadBytes).toBeLessThan(11 * mebibyte);
    const heard = begin(other, 5);
    heard.end(Buffer.alloc(5));
    expect(await statusOf(heard)).toBe("0");
    deaf.destroy();
    await until(() => budget.unreadBytes === 0);
  });

  it("ends the connection that leaves most unread when all leave too much", async () => {
    const { budget, dial } = await start({ unreadBytesTotalMax: 10 * mebibyte, reply });
    const deaf = [1, 6, 2].map((count) => {
      const session = dial({ initialWindowSize: 0 });
      for (let call = 0; call < count; call += 1) begin(session, 5).end(Buffer.alloc(5));
      return session;
    });
    await until(() => budget.unreadBytes > 9 * mebibyte - 1);
    const closed = new Promise((resolve) => deaf[1]?.once("close", resolve));
    for (let call = 0; call < 2; call += 1) begin(deaf[0] as never, 5).end(Buffer.alloc(5));
    await closed;
    await until(() => budget.unreadBytes < 6 * mebibyte);
    expect([deaf[0]?.closed, deaf[2]?.closed]).toEqual([false, false]);
  });

  it("lets one reply be as large as it is", async () => {
    const reply = new Uint8Array(20 * mebibyte);
    const { budget, dial } = await start({ unreadBytesMax: mebibyte, reply });
    const call = begin(dial(), 5);
    call.end(Buffer.alloc(5));
    expect(await statusOf(call)).toBe("0");
    expect(budget.unreadBytes).toBe(0);
  });
});
