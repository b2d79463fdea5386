import { once } from "node:events";
import { type ClientHttp2Session, connect, type Settings } from "node:http2";
import { connect as dial } from "node:net";
import { afterEach, expect, it } from "vitest";
import { inferRequest, type TestGateway } from "../support/gateway.ts";
import { startLinkedGateway } from "../support/gateway-probe.ts";
import { LinkWorker } from "../support/link-worker.ts";

let open = new AsyncDisposableStack();
afterEach(async () => {
  await open.disposeAsync();
  open = new AsyncDisposableStack();
});

async function start(): Promise<{ worker: LinkWorker; gateway: TestGateway }> {
  const worker = open.use(await LinkWorker.start());
  return { worker, gateway: open.use(await startLinkedGateway([worker])) };
}

function connectTo(gateway: TestGateway, settings: Settings = {}): ClientHttp2Session {
  const session = connect(`http://${gateway.grpc}`, { settings });
  session.on("error", () => {});
  open.defer(() => session.destroy());
  return session;
}

/** A ModelInfer call that carries these bytes, headers added; what its stream tells is up to it. */
function call(
  session: ClientHttp2Session,
  body: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
) {
  const stream = session.request({
    ":method": "POST",
    ":path": "/inference.GRPCInferenceService/ModelInfer",
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
  stream.on("error", () => {});
  stream.resume();
  stream.end(body);
  return stream;
}

async function statusOf(stream: ReturnType<typeof call>): Promise<string> {
  let status = "";
  const take = (headers: Readonly<Record<string, unknown>>) => {
    status = String(headers["grpc-status"] ?? status);
  };
  stream.on("response", take);
  stream.on("trailers", take);
  await once(stream, "close");
  return status;
}

function framed(message: Uint8Array, announced: number = message.byteLength): Uint8Array {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(announced, 1);
  return Buffer.concat([head, message]);
}

async function expectToAnswer({ worker, gateway }: { worker: LinkWorker; gateway: TestGateway }) {
  const answer = gateway.infer(inferRequest());
  (await worker.next()).reply();
  expect((await answer).code).toBe(0);
}

it.each(["99999999H", "99999999M", "99999999S", "600H", "2147484S"])(
  "waits for an answer as long as a caller allows, even %s",
  async (timeout) => {
    const { worker, gateway } = await start();
    const stream = call(connectTo(gateway), framed(inferRequest()), { "grpc-timeout": timeout });
    const status = statusOf(stream);
    const request = await Promise.race([worker.next(), status]);
    if (typeof request === "string") throw new Error(`ended with status ${request}`);
    expect(request.begin.deadlineMs).toBeGreaterThan(2_000_000_000);
    request.reply();
    expect(await status).toBe("0");
  },
);

it("refuses a message that announces two gigabytes, and goes on", async () => {
  const { worker, gateway } = await start();
  const stream = call(connectTo(gateway), framed(new Uint8Array(10), 2 ** 31));
  expect(await statusOf(stream)).toBe("8");
  await expectToAnswer({ worker, gateway });
});

it("survives callers that speak something else on its port", async () => {
  const { worker, gateway } = await start();
  const port = Number(gateway.grpc.split(":").at(-1));
  for (const bytes of ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\u0000\u0001\u0002", "PRI * HTTP/2"]) {
    const socket = dial(port, "127.0.0.1").on("error", () => {});
    socket.resume();
    socket.end(bytes);
    await once(socket, "close");
  }
  const json = call(connectTo(gateway), Buffer.from("{}"), { "content-type": "application/json" });
  const [{ ":status": status }] = await once(json, "response");
  expect(status).toBe(415);
  await expectToAnswer({ worker, gateway });
});

it("takes the request of a caller that vanishes half-way for none", async () => {
  const { worker, gateway } = await start();
  const session = connectTo(gateway);
  const half = framed(inferRequest("m", { bytes: 100_000 })).subarray(0, 50_000);
  const stream = session.request({
    ":method": "POST",
    ":path": "/inference.GRPCInferenceService/ModelInfer",
    "content-type": "application/grpc",
  });
  stream.on("error", () => {});
  await new Promise((resolve) => stream.write(half, resolve));
  session.destroy();
  await expectToAnswer({ worker, gateway });
  expect(worker.waiting).toBe(0);
});

it("lets a slow reader have its reply when told to stop, beside a watcher of health", async () => {
  const { worker, gateway } = await start();
  const session = connectTo(gateway, { initialWindowSize: 8_192 });
  const watch = call(session, framed(new Uint8Array()), {
    ":path": "/grpc.health.v1.Health/Watch",
  });
  const reply = call(session, framed(inferRequest()));
  let readBytes = 0;
  reply.on("data", (bytes: Uint8Array) => {
    readBytes += bytes.byteLength;
  });
  const status = statusOf(reply);
  const watched = statusOf(watch);
  (await worker.next()).reply({}, new Uint8Array(48 * 1024 * 1024));
  await once(reply, "data");
  await gateway.stop();
  expect(await status).toBe("0");
  expect(readBytes).toBe(48 * 1024 * 1024 + 5);
  expect(await watched).toBe("14");
});

it.each([
  ["a truncated number", [0x08, 0x80]],
  ["a model name that is not UTF-8", [0x0a, 0x01, 0xff]],
  ["a length beyond the end", [0x2a, 0xff, 0xff, 0xff, 0xff, 0x07]],
  ["a million empty inputs", Array<number[]>(1_000_000).fill([0x2a, 0x00]).flat()],
  ["a million fields in a parameter", [0x22, 0x80, 0x89, 0x7a, ...Array(2_000_000).fill(0x12)]],
  ["groups in groups", Array<number>(1_000).fill(0x7b)],
  ["megabytes of unknown fields", [0x7a, 0x80, 0x89, 0x7a, ...Array<number>(2_000_000).fill(0)]],
])("refuses %s with INVALID_ARGUMENT", async (_, bytes) => {
  const { worker, gateway } = await start();
  const answer = await gateway.infer(Uint8Array.from(bytes));
  expect(answer).toMatchObject({ code: 3, details: expect.stringMatching(/the request|UTF-8/) });
  await expectToAnswer({ worker, gateway });
});

it("takes the last of a model name that is repeated, wherever it stands", async () => {
  const { worker, gateway } = await start();
  const last = Uint8Array.of(0x0a, 0x04, ...Buffer.from("none"));
  const answer = await gateway.infer(Buffer.concat([inferRequest(), last]));
  expect(answer).toMatchObject({ code: 5, details: expect.stringContaining('"none"') });
  await expectToAnswer({ worker, gateway });
});

it.each([
  "00-00000000000000000000000000000000-0000000000000000-01",
  "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
  "x".repeat(4_000),
])("answers a caller whose traceparent is malformed, case %#", async (traceparent) => {
  const { worker, gateway } = await start();
  const answer = gateway.infer(inferRequest(), { metadata: { traceparent } });
  const request = await worker.next();
  expect(request.begin.trace?.traceId).toHaveLength(16);
  request.reply();
  expect((await answer).code).toBe(0);
});
