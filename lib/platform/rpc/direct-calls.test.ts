import { once } from "node:events";
import * as http2 from "node:http2";
import { gzipSync } from "node:zlib";
import * as grpc from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, it } from "vitest";
import { GRPCInferenceService } from "#gen/inference/grpc_service_pb.ts";
import { RpcServer } from "./server.ts";
import type { UnaryCall } from "./unary-call.ts";

const path = "/inference.GRPCInferenceService/ModelInfer";
const headers = {
  ":method": "POST",
  ":path": path,
  "content-type": "application/grpc",
  te: "trailers",
};
const okMetadata = {
  headers: ["sluice-prediction-id", "id"],
  trailers: { "server-timing": "t" },
};

let server: RpcServer;
let session: http2.ClientHttp2Session;
const taken: { readonly call: UnaryCall; readonly request: Uint8Array }[] = [];
/** What is done with the next calls. */
let take = (call: UnaryCall, request: Uint8Array) => call.reply(request, okMetadata);

beforeAll(async () => {
  server = await RpcServer.listen(
    { address: "127.0.0.1:0", setting: "TEST", messageBytesMax: 100_000, drainMsMax: 100 },
    [
      {
        service: GRPCInferenceService,
        handlers: {},
        unary: {
          ModelInfer: (call, request) => {
            taken.push({ call, request });
            take(call, request);
          },
        },
      },
    ],
  );
  session = http2.connect(`http://${server.address}`);
});

afterAll(async () => {
  session.destroy();
  await server[Symbol.asyncDispose]();
});

function framed(message: Uint8Array, flag = 0): Buffer {
  const prefix = Buffer.alloc(5, flag);
  prefix.writeUInt32BE(message.byteLength, 1);
  return Buffer.concat([prefix, message]);
}

type Answer = { readonly status: string; readonly body: Buffer } & http2.IncomingHttpHeaders;

/** Sends these pieces, each in a frame of its own, and gives headers, trailers and body. */
async function ask(pieces: readonly Buffer[], more: http2.OutgoingHttpHeaders = {}) {
  const stream = session.request({ ...headers, ...more });
  return await answerOf(stream, pieces);
}

async function answerOf(stream: http2.ClientHttp2Stream, pieces: readonly Buffer[]) {
  let all: http2.IncomingHttpHeaders = {};
  const body: Buffer[] = [];
  stream.on("response", (got) => {
    all = { ...all, ...got };
  });
  stream.on("trailers", (got) => {
    all = { ...all, ...got };
  });
  stream.on("data", (chunk: Buffer) => body.push(chunk));
  stream.on("error", () => {});
  for (const piece of pieces) {
    await new Promise((resolve) => stream.write(piece, resolve));
  }
  stream.end();
  await once(stream, "close");
  return { ...all, status: String(all["grpc-status"]), body: Buffer.concat(body) } as Answer;
}

it("gives back the message with headers and trailers", async () => {
  const message = Buffer.from("hello");
  const answer = await ask([framed(message)]);
  expect(answer.body).toEqual(framed(message));
  expect(answer).toMatchObject({
    status: "0",
    ":status": 200,
    "content-type": "application/grpc+proto",
    "sluice-prediction-id": "id",
    "server-timing": "t",
  });
});

it("puts a message together from whatever pieces it comes in", async () => {
  const message = Buffer.alloc(20_000, "abc");
  const whole = framed(message);
  for (const sizes of [[1, 1, 1, 1, 1, 1], [3, 4], [5], [6, 19_000]]) {
    let at = 0;
    const pieces = sizes.map((size) => {
      at += size;
      return whole.subarray(at - size, at);
    });
    const answer = await ask([...pieces, whole.subarray(at)]);
    expect(answer.body.equals(whole)).toBe(true);
  }
});

it("takes a message that comes by the byte", async () => {
  const whole = framed(Buffer.from(Array.from({ length: 2_000 }, (_, index) => index % 251)));
  const answer = await ask(Array.from(whole, (byte) => Buffer.of(byte)));
  expect(answer.body.equals(whole)).toBe(true);
});

it("keeps little more of a request alive than the request", async () => {
  await ask([framed(Buffer.alloc(300))]);
  expect(taken.at(-1)?.request.buffer.byteLength).toBeLessThanOrEqual(8 * 1024);
  await ask([framed(Buffer.alloc(2_000))]);
  expect(taken.at(-1)?.request.buffer.byteLength).toBe(2_000);
});

it("takes an empty message", async () => {
  expect((await ask([framed(Buffer.alloc(0))])).body).toEqual(framed(Buffer.alloc(0)));
});

it.each<[string, readonly Buffer[], string]>([
  ["a length over the limit", [Buffer.from([0, 0, 1, 0x86, 0xa1])], "8"],
  ["a length of two gigabytes", [Buffer.from([0, 0x80, 0, 0, 0, 1, 2, 3])], "8"],
  ["a second message", [framed(Buffer.from("one")), framed(Buffer.from("two"))], "12"],
  ["no message", [], "12"],
  ["a prefix cut short", [Buffer.from([0, 0])], "12"],
  ["a message cut short", [framed(Buffer.from("hello")).subarray(0, 8)], "12"],
])("refuses %s, and takes the next call", async (_, pieces, status) => {
  const before = taken.length;
  expect((await ask(pieces)).status).toBe(status);
  expect(taken.length).toBe(before);
  expect((await ask([framed(Buffer.from("next"))])).status).toBe("0");
});

it("passes over what still comes of a refused call", async () => {
  const stream = session.request(headers);
  const answer = answerOf(stream, [Buffer.from([0, 0x80, 0, 0, 0]), Buffer.alloc(300_000)]);
  expect((await answer).status).toBe("8");
});

it("refuses with a status, its message and its metadata", async () => {
  take = (call) => {
    const metadata = new grpc.Metadata();
    metadata.set("grpc-retry-pushback-ms", "100");
    call.refuse({ code: 14, details: "not ready: ünready", metadata });
    // What is done twice counts once.
    call.reply(new Uint8Array(), okMetadata);
  };
  const answer = await ask([framed(Buffer.from("x"))]);
  expect(answer).toMatchObject({
    status: "14",
    "grpc-message": "not%20ready:%20%C3%BCnready",
    "grpc-retry-pushback-ms": "100",
  });
  take = (call, request) => call.reply(request, okMetadata);
});

it("tells of a caller that has gone, and drops what is answered then", async () => {
  const gone = Promise.withResolvers<void>();
  take = (call) => {
    call.owner = {
      gone: () => {
        call.reply(new Uint8Array(10), okMetadata);
        gone.resolve();
      },
    };
    stream.close(http2.constants.NGHTTP2_CANCEL);
  };
  const stream = session.request(headers);
  stream.on("error", () => {});
  stream.end(framed(Buffer.from("x")));
  await gone.promise;
  take = (call, request) => call.reply(request, okMetadata);
  expect((await ask([framed(Buffer.from("x"))])).status).toBe("0");
});

it("ends a call whose deadline passes before its message has come", async () => {
  const stream = session.request({ ...headers, "grpc-timeout": "20m" });
  stream.on("error", () => {});
  stream.write(framed(Buffer.from("hello")).subarray(0, 7));
  const [answer] = await once(stream, "response");
  expect(answer["grpc-status"]).toBe("4");
  stream.destroy();
});

it("knows when its caller gives up", async () => {
  const before = Date.now();
  await ask([framed(Buffer.from("x"))], { "grpc-timeout": "20S" });
  const deadlineMs = taken.at(-1)?.call.deadlineMs ?? 0;
  expect(deadlineMs).toBeGreaterThanOrEqual(before + 20_000);
  expect(deadlineMs).toBeLessThanOrEqual(Date.now() + 20_000);
  await ask([framed(Buffer.from("x"))]);
  expect(taken.at(-1)?.call.deadlineMs).toBe(Number.POSITIVE_INFINITY);
});

it.each<[string, http2.OutgoingHttpHeaders, Buffer, object]>([
  [
    "a compressed message",
    { "grpc-encoding": "gzip" },
    framed(gzipSync("packed"), 1),
    { status: "0", body: framed(Buffer.from("packed")), "sluice-prediction-id": "id" },
  ],
  [
    "an encoding nobody knows",
    { "grpc-encoding": "odd" },
    framed(Buffer.from("x"), 1),
    { status: "12" },
  ],
  ["another content type", { "content-type": "text/plain" }, Buffer.from("x"), { ":status": 415 }],
  [
    "a timeout that is none",
    { "grpc-timeout": "soon" },
    framed(Buffer.from("x")),
    { status: "13" },
  ],
])("leaves %s to grpc-js", async (_, more, body, expected) => {
  expect(await ask([body], more)).toMatchObject(expected);
});

it("replies with messages of any size, at whatever speed they are read", async () => {
  const reply = Buffer.alloc(3_000_000, "reply");
  take = (call) => call.reply(reply, okMetadata);
  const answer = await ask([framed(Buffer.from("x"))]);
  expect(answer.body.equals(framed(reply))).toBe(true);
  expect(answer.status).toBe("0");
  take = (call, request) => call.reply(request, okMetadata);
});
