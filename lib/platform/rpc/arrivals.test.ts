import { once } from "node:events";
import { connect } from "node:http2";
import { afterEach, expect, it } from "vitest";
import { Failure } from "#core/failure.ts";
import { GRPCInferenceService } from "#gen/inference/grpc_service_pb.ts";
import { RpcServer } from "./server.ts";

let open = new AsyncDisposableStack();
afterEach(async () => {
  await open.disposeAsync();
  open = new AsyncDisposableStack();
});

const service = `/${GRPCInferenceService.typeName}`;

async function serve() {
  const told = { asked: 0, turns: [] as number[], handled: 0, admits: true };
  const gate = {
    paths: [`${service}/ModelInfer`],
    admits: () => {
      told.asked += 1;
      return told.admits;
    },
    refusal: new Failure("resource-exhausted", "too much, 100 %", { retryAfterMs: 7 }),
    onTurn: (busyMs: number) => void told.turns.push(busyMs),
  };
  const answer = (_: unknown, callback: (error: null, reply: Uint8Array) => void) => {
    told.handled += 1;
    callback(null, new Uint8Array());
  };
  const server = open.use(
    await RpcServer.listen(
      { address: "127.0.0.1:0", setting: "TEST", messageBytesMax: 1e9, drainMsMax: 0, gate },
      [
        {
          service: GRPCInferenceService,
          handlers: { ModelInfer: answer, ServerLive: answer },
          raw: ["ModelInfer", "ServerLive"],
        },
      ],
    ),
  );
  // In megabytes: what waits to be sent counts.
  const session = connect(`http://${server.address}`, { maxSessionMemory: 100 });
  session.on("error", () => {});
  open.defer(() => session.destroy());
  const call = async (method: string, body: Uint8Array = Buffer.alloc(5)) => {
    const stream = session.request({
      ...{ ":method": "POST", ":path": `${service}/${method}`, te: "trailers" },
      "content-type": "application/grpc",
    });
    stream.on("error", () => {});
    let heard: Readonly<Record<string, unknown>> = {};
    const hear = (headers: object) => {
      heard = { ...heard, ...headers };
    };
    stream.on("response", hear);
    stream.on("trailers", hear);
    stream.resume();
    stream.end(body);
    await once(stream, "close");
    return heard;
  };
  return { told, call };
}

it("refuses calls of the methods it is asked about by their headers, and no others", async () => {
  const { told, call } = await serve();
  told.admits = false;
  expect(await call("ModelInfer")).toMatchObject({
    ":status": 200,
    "grpc-status": "8",
    "grpc-message": "too%20much,%20100%20%25",
    "grpc-retry-pushback-ms": "7",
  });
  expect(told.handled).toBe(0);
  expect(await call("ServerLive")).toMatchObject({ "grpc-status": "0" });
  told.admits = true;
  expect(await call("ModelInfer")).toMatchObject({ "grpc-status": "0" });
  expect(told).toMatchObject({ asked: 2, handled: 2 });
});

it("does not wait for the rest of what it refuses", async () => {
  const { told, call } = await serve();
  told.admits = false;
  const body = Buffer.alloc(20_000_000);
  body.writeUInt32BE(body.length - 5, 1);
  for (let round = 0; round < 3; round += 1) {
    expect(await call("ModelInfer", body)).toMatchObject({ "grpc-status": "8" });
  }
  told.admits = true;
  expect(await call("ModelInfer")).toMatchObject({ "grpc-status": "0" });
});

it("tells about turns in which calls arrive", async () => {
  const { told, call } = await serve();
  for (let round = 0; round < 10; round += 1) await call("ModelInfer");
  expect(told.turns.length).toBeGreaterThan(0);
  for (const busyMs of told.turns) expect(busyMs).toBeGreaterThanOrEqual(0);
});
