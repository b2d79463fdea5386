import { type ClientHttp2Session, connect } from "node:http2";
import type * as grpc from "@grpc/grpc-js";
import { afterEach, describe, expect, it, vi } from "vitest";
import { GRPCInferenceService } from "#gen/inference/grpc_service_pb.ts";
import { begin, prefixOf, roundTrip, statusOf, until } from "../../../test/support/raw-calls.ts";
import { CallBudget, type CallBudgetOptions } from "./call-budget.ts";
import { RpcServer } from "./server.ts";
import type { UnaryTaker } from "./unary-call.ts";

let open = new AsyncDisposableStack();
afterEach(async () => {
  vi.useRealTimers();
  await open.disposeAsync();
  open = new AsyncDisposableStack();
});

const mebibyte = 1024 * 1024;
const streamingPath = `/${GRPCInferenceService.typeName}/ModelStreamInfer`;
const roomy: CallBudgetOptions = {
  uploads: { bytesMax: 1_000 * mebibyte, waitingMax: 1_000 },
  uploadMsMax: 60_000,
  unreadBytesMax: 1_000 * mebibyte,
  unreadBytesTotalMax: 1_000 * mebibyte,
};

type Start = (options: Partial<CallBudgetOptions>, reply?: Uint8Array) => ReturnType<typeof serve>;

/** A server whose calls go round grpc-js, or through it, and are all answered with `reply`. */
async function serve(
  way: "unary" | "handlers",
  options: Partial<CallBudgetOptions>,
  reply: Uint8Array = new Uint8Array(1),
) {
  const told = { handled: 0, refused: [] as string[], heldBytes: 0 };
  const budget = open.use(
    new CallBudget(
      { ...roomy, ...options },
      { heldBytes: () => told.heldBytes, onRefused: (reason) => told.refused.push(reason) },
    ),
  );
  const direct: UnaryTaker = (call) => {
    told.handled += 1;
    call.reply(reply, { headers: [], trailers: undefined });
  };
  const byGrpc: grpc.handleUnaryCall<Uint8Array, Uint8Array> = (_, callback) => {
    told.handled += 1;
    callback(null, reply);
  };
  const streaming: grpc.handleBidiStreamingCall<Uint8Array, Uint8Array> = (call) => {
    call.on("data", () => {
      told.handled += 1;
      call.write(reply);
    });
  };
  const methods =
    way === "unary"
      ? { handlers: {}, unary: { ModelInfer: direct } }
      : {
          handlers: { ModelInfer: byGrpc, ModelStreamInfer: streaming },
          raw: ["ModelInfer", "ModelStreamInfer"],
        };
  const server = open.use(
    await RpcServer.listen(
      { address: "127.0.0.1:0", setting: "TEST", messageBytesMax: 1e9, drainMsMax: 0, budget },
      [{ service: GRPCInferenceService, ...methods }],
    ),
  );
  return { told, budget, server };
}

function dial(server: RpcServer, settings: object = {}): ClientHttp2Session {
  const session = connect(`http://${server.address}`, { maxSessionMemory: 1_000, settings });
  session.on("error", () => {});
  open.defer(() => session.destroy());
  return session;
}

const ways: readonly (readonly [string, Start])[] = [
  ["beside grpc-js", (options, reply) => serve("unary", options, reply)],
  ["by grpc-js", (options, reply) => serve("handlers", options, reply)],
];

describe.each(ways)("the budget for uploads, of calls served %s", (_, start) => {
  it("has large ones wait for room while small ones go on, and all arrive", async () => {
    const large = 2 * mebibyte;
    const { told, budget, server } = await start({
      uploads: { bytesMax: 10 * mebibyte, waitingMax: 100 },
    });
    const session = dial(server);
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
    const { told, server } = await start({ uploads: { bytesMax: mebibyte, waitingMax: 2 } });
    const session = dial(server);
    const calls = Array.from({ length: 5 }, () => begin(session, mebibyte / 2));
    for (const call of calls) call.write(Buffer.alloc(100));
    const refused = await Promise.all([statusOf(calls[3] as never), statusOf(calls[4] as never)]);
    expect(refused).toEqual(["8", "8"]);
    expect(told.refused).toEqual(["upload", "upload"]);
    for (const call of calls.slice(0, 3)) call.end(Buffer.alloc(mebibyte / 2 - 100));
    expect(await Promise.all(calls.slice(0, 3).map(statusOf))).toEqual(["0", "0", "0"]);
  });

  it("gives the room of callers that vanish to those that wait", async () => {
    const { budget, server } = await start({ uploads: { bytesMax: mebibyte, waitingMax: 2 } });
    const [gone, waiting] = [dial(server), dial(server)];
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
    const { budget, server } = await start({ uploadMsMax: 1 });
    const call = begin(dial(server), mebibyte);
    call.write(Buffer.alloc(100));
    expect(await statusOf(call)).toBe("4");
    expect(budget.uploadBytes).toBe(0);
  });

  it("soon looks whether there is room for what waits beside something that goes on", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { told, budget, server } = await start({
      uploads: { bytesMax: 2 * mebibyte, waitingMax: 2 },
    });
    const session = dial(server);
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
    const { budget, server } = await start({ uploads: { bytesMax: mebibyte, waitingMax: 2 } });
    const session = dial(server);
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
    const { told, budget, server } = await start({ unreadBytesMax: 10 * mebibyte }, reply);
    const [deaf, other] = [dial(server, { initialWindowSize: 0 }), dial(server)];
    const calls = Array.from({ length: 100 }, () => begin(deaf, 5));
    for (const call of calls) call.end(Buffer.alloc(5));
    const refused = await Promise.all(calls.slice(20).map(statusOf));
    expect(new Set(refused)).toEqual(new Set(["8"]));
    expect(told.refused).toHaveLength(90);
    expect(budget.unreadBytes).toBeLessThan(11 * mebibyte);
    const heard = begin(other, 5);
    heard.end(Buffer.alloc(5));
    expect(await statusOf(heard)).toBe("0");
    deaf.destroy();
    await until(() => budget.unreadBytes === 0);
  });

  it("ends the connection that leaves most unread when all leave too much", async () => {
    const { budget, server } = await start({ unreadBytesTotalMax: 10 * mebibyte }, reply);
    const deaf = [1, 6, 2].map((count) => {
      const session = dial(server, { initialWindowSize: 0 });
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
    const { budget, server } = await start(
      { unreadBytesMax: mebibyte },
      new Uint8Array(20 * mebibyte),
    );
    const call = begin(dial(server), 5);
    call.end(Buffer.alloc(5));
    expect(await statusOf(call)).toBe("0");
    expect(budget.unreadBytes).toBe(0);
  });
});

describe("the budget for replies of streaming calls", () => {
  it("no longer counts what has been read while they stay open", async () => {
    const reply = new Uint8Array(mebibyte);
    const { told, budget, server } = await serve("handlers", { unreadBytesMax: mebibyte }, reply);
    const session = dial(server);
    for (let count = 1; count <= 4; count += 1) {
      const call = begin(session, 5, { ":path": streamingPath });
      call.write(Buffer.alloc(5));
      call.resume();
      await until(() => told.handled === count);
      await until(() => budget.unreadBytes === 0);
    }
    expect(told.refused).toEqual([]);
  });
});

describe("the budget for uploads of streaming calls", () => {
  const streaming = { ":path": streamingPath };

  it("counts each message for itself where frames span two", async () => {
    const { told, budget, server } = await serve("handlers", {});
    const call = begin(dial(server), 1_000, streaming);
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
    const { told, budget, server } = await serve("handlers", {
      uploads: { bytesMax: 2 * mebibyte, waitingMax: 2 },
    });
    const session = dial(server);
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
});
