import { once } from "node:events";
import { createServer } from "node:net";
import * as grpc from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import { LoadConnection } from "./connection.ts";
import { drive } from "./drive.ts";
import type { LoadPlan, LoadTarget } from "./plan.ts";

afterEach(() => {
  for (const server of servers.splice(0)) server.forceShutdown();
});
const servers: grpc.Server[] = [];

const path = "/test.Service/Call";

/** A real grpc-js server that answers with what `handler` makes of the message. */
async function serve(
  handler: grpc.handleUnaryCall<Buffer, Buffer>,
  options: grpc.ServerOptions = {},
): Promise<string> {
  const server = new grpc.Server({ "grpc.max_receive_message_length": -1, ...options });
  const pass = (bytes: Buffer) => bytes;
  const codec = { requestSerialize: pass, requestDeserialize: pass };
  const reply = { responseSerialize: pass, responseDeserialize: pass };
  const method = { path, requestStream: false, responseStream: false, ...codec, ...reply };
  server.addService({ Call: method }, { Call: handler });
  servers.push(server);
  return await new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(`127.0.0.1:${port}`) : reject(error),
    );
  });
}

function target(address: string, message: Uint8Array): LoadTarget {
  return { address, path, message, expected: message, floats: 0, deadlineMs: 0 };
}

function plan(one: LoadTarget, pace: LoadPlan["pace"]): LoadPlan {
  return { targets: [one], pace, connections: 2, warmupMs: 0, measureMs: 100 };
}

describe("the load generator", () => {
  it.each([0, 300, 20_000, 3_000_000])(
    "gets messages of %i bytes through the windows of a grpc-js server, and back",
    async (bytes) => {
      const message = new Uint8Array(bytes).map((_, index) => index);
      const address = await serve((call, callback) => callback(null, call.request));
      const replies: [number, boolean | undefined][] = [];
      const done = Promise.withResolvers<void>();
      using connection = await LoadConnection.open(target(address, message), (_, status, reply) => {
        replies.push([status, reply?.equals(message)]);
        if (replies.length === 5) done.resolve();
      });
      for (let call = 0; call < 5; call += 1) connection.send(0);
      await done.promise;
      expect(replies).toEqual(Array.from({ length: 5 }, () => [0, true]));
    },
  );

  it("keeps to the number of calls a server takes at a time", async () => {
    let running = 0;
    const seen: number[] = [];
    const options = { "grpc.max_concurrent_streams": 3 };
    const address = await serve((call, callback) => {
      running += 1;
      seen.push(running);
      setImmediate(() => {
        running -= 1;
        callback(null, call.request);
      });
    }, options);
    const statuses: number[] = [];
    const done = Promise.withResolvers<void>();
    const call = target(address, new Uint8Array(10));
    using connection = await LoadConnection.open(call, (_, status) => {
      statuses.push(status);
      if (statuses.length === 20) done.resolve();
    });
    for (let sent = 0; sent < 20; sent += 1) connection.send(0);
    connection.flush();
    await done.promise;
    expect(statuses).toEqual(Array.from({ length: 20 }, () => 0));
    expect(Math.max(...seen)).toBeLessThanOrEqual(3);
  });

  it("counts calls by their status, whatever the server has to say", async () => {
    const details = "queue full: 256 waiting, limit 256 (~{äöü}~)";
    const address = await serve((_, callback) => callback({ code: 8, details }));
    const one = target(address, new Uint8Array(10));
    const result = await drive(plan(one, { kind: "open", perSecond: 500, seed: 1 }));
    expect(result).toMatchObject({ ok: 0, wrong: 0, unanswered: 0 });
    expect(Object.keys(result.failed)).toEqual(["8"]);
    expect(result.failed[8]).toBe(result.answered);
  });

  it("notices replies that are not the right one", async () => {
    const address = await serve((_, callback) => callback(null, Buffer.from("something else")));
    const one = target(address, Buffer.from("one thing"));
    const result = await drive(plan(one, { kind: "closed", inFlight: 4 }));
    expect(result.ok).toBe(0);
    expect(result.wrong).toBeGreaterThan(0);
  });

  it("takes floats for equal that differ in their last digits, and no others", async () => {
    const floats = (value: number) => Buffer.from(Float32Array.of(1, value).buffer);
    let reply = floats(2.00001);
    const address = await serve((_, callback) => callback(null, reply));
    const one = { ...target(address, floats(0)), expected: floats(2), floats: 1 };
    const near = await drive(plan(one, { kind: "closed", inFlight: 1 }));
    reply = floats(2.1);
    const far = await drive(plan(one, { kind: "closed", inFlight: 1 }));
    expect([near.wrong, far.ok]).toEqual([0, 0]);
    expect(Math.min(near.ok, far.wrong)).toBeGreaterThan(0);
  });

  it("counts in an open loop from when a call was due, however late it is made", async () => {
    let seen = 0;
    const waiting: grpc.sendUnaryData<Buffer>[] = [];
    const address = await serve((call, callback) => {
      seen += 1;
      waiting.push(callback);
      if (seen >= 20) for (const answer of waiting.splice(0)) answer(null, call.request);
    });
    const one = target(address, new Uint8Array(10));
    const pace = { kind: "open", perSecond: 200, seed: 1 } as const;
    const { latencies, ok } = await drive({ ...plan(one, pace), measureMs: 1_000 });
    // The first of them waited for all others of the first twenty to become due.
    expect(ok).toBeGreaterThanOrEqual(20);
    expect(latencies.maxUs).toBeGreaterThan(20_000);
  });

  it("counts what nobody answers, and calls on a connection that breaks", async () => {
    const server = createServer((socket) => {
      socket.write(Buffer.from("000000040000000000", "hex"));
      socket.on("data", (data) => data.includes("one thing") && socket.destroy());
      socket.on("error", () => {});
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      const bound = server.address();
      const port = typeof bound === "object" ? bound?.port : 0;
      const one = target(`127.0.0.1:${port}`, Buffer.from("one thing"));
      const result = await drive(plan(one, { kind: "closed", inFlight: 2 }));
      expect(result).toMatchObject({ ok: 0, failed: { "-1": 2 }, unanswered: 0 });
    } finally {
      server.close();
    }
  });
});
