import { once } from "node:events";
import { createServer, type Http2Session, type ServerHttp2Stream } from "node:http2";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { expect, it } from "vitest";
import { Failure } from "#core/failure.ts";
import { DialledStream } from "./dialled-stream.ts";
import { roomForMessage } from "./message-prefix.ts";
import { type MessageStream, ServerMessages } from "./message-stream.ts";

const limits = { messageBytesMax: 1_000_000, windowBytes: 1_000_000, pingMs: 10_000 };

async function serve(take: (stream: MessageStream, http2Stream: ServerHttp2Stream) => void) {
  const server = createServer();
  const sessions = new Set<Http2Session>();
  server.on("session", (session) => sessions.add(session));
  server.on("stream", (stream: ServerHttp2Stream) =>
    take(new ServerMessages(stream, 1_000_000), stream),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const close = () => {
    for (const session of sessions) session.destroy();
    server.close();
  };
  return { address: `127.0.0.1:${port}`, [Symbol.dispose]: close };
}

function dial(address: string, pings = { pingMs: 10_000, pingMsMax: 5_000 }) {
  const stream = new DialledStream({ ...limits, ...pings, address, path: "/a.B/C" });
  const { promise, resolve } = Promise.withResolvers<Failure | undefined>();
  const received: string[] = [];
  stream.listen({
    onMessage: (message) => received.push(Buffer.from(message).toString()),
    onEnd: resolve,
  });
  return { stream, received, ended: promise, [Symbol.dispose]: () => stream.end() };
}

function message(text: string): Uint8Array {
  const room = roomForMessage(text.length);
  room.write(text);
  return room;
}

it("carries messages both ways, and ends in order", async () => {
  using server = await serve((stream) => {
    stream.listen({
      onMessage: (received) => {
        const text = Buffer.from(received).toString();
        stream.write(message(text.toUpperCase()), () => {});
        if (text === "bye") stream.end();
      },
      onEnd: () => {},
    });
  });
  using client = dial(server.address);
  for (const text of ["a", "b".repeat(200_000), "bye"])
    client.stream.write(message(text), () => {});
  expect(await client.ended).toBeUndefined();
  expect(client.received).toEqual(["A", "B".repeat(200_000), "BYE"]);
});

it("tells the client what failed", async () => {
  using server = await serve((stream) => {
    stream.listen({ onMessage: () => {}, onEnd: () => {} });
    stream.end(new Failure("invalid-argument", "nothing made sense: 100 % of it"));
  });
  using client = dial(server.address);
  const failure = await client.ended;
  expect(failure?.code).toBe("invalid-argument");
  expect(failure?.message).toBe("nothing made sense: 100 % of it");
});

it("ends a stream whose message is over the limit, and says so", async () => {
  const ends: (Failure | undefined)[] = [];
  using server = await serve((stream) => {
    stream.listen({ onMessage: () => {}, onEnd: (failure) => ends.push(failure) });
  });
  using client = dial(server.address);
  client.stream.write(message("x".repeat(1_000_001)), () => {});
  expect((await client.ended)?.code).toBe("resource-exhausted");
  expect(ends.map((failure) => failure?.message)).toEqual([
    "a message has 1000001 bytes, limit 1000000",
  ]);
});

it("tells the server that the client has gone", async () => {
  const { promise, resolve } = Promise.withResolvers<Failure | undefined>();
  using server = await serve((stream) => stream.listen({ onMessage: () => {}, onEnd: resolve }));
  using client = dial(server.address);
  const told: string[] = [];
  await new Promise<void>((done) => client.stream.write(message("a"), done));
  client.stream.end();
  await promise;
  void client.ended.then(() => told.push("the client ended it itself"));
  expect(told).toEqual([]);
});

it("says that nobody listens", async () => {
  const listener = createTcpServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  listener.close();
  using client = dial(`127.0.0.1:${port}`);
  expect((await client.ended)?.message).toMatch(/ECONNREFUSED/);
  using unix = dial("unix:/nowhere/at.all");
  expect((await unix.ended)?.message).toMatch(/ENOENT/);
});

it("gives up a connection that answers no ping", async () => {
  // It takes connections, and never says anything.
  const listener = createTcpServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  using client = dial(`127.0.0.1:${port}`, { pingMs: 20, pingMsMax: 100 });
  expect((await client.ended)?.message).toBe("no answer to a ping within 100 ms");
  listener.close();
});

it("passes the loss of a connection on", async () => {
  using server = await serve((stream, { session }) => {
    stream.listen({ onMessage: () => session?.destroy(), onEnd: () => {} });
  });
  using client = dial(server.address);
  client.stream.write(message("a"), () => {});
  const failure = await client.ended;
  expect(failure?.code).toBe("unavailable");
});
