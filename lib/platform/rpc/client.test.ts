import { create } from "@bufbuild/protobuf";
import type { ServerUnaryCall, ServerWritableStream, sendUnaryData } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import {
  GetReportRequestSchema,
  type GetReportResponse,
  GetReportResponseSchema,
  MonitorService,
  WatchReportsRequestSchema,
  WatchReportsResponseSchema,
} from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { RpcClient } from "./client.ts";
import { RpcServer } from "./server.ts";

const { getReport, watchReports } = MonitorService.method;

type Watch = ServerWritableStream<{ model: string }, unknown>;

/**
 * Answers any model but `missing`; a watch of `finite` ends after three reports, others never do.
 */
async function serve(onWatch: (watch: Watch) => void = () => {}): Promise<RpcServer> {
  const options = { address: "127.0.0.1:0", setting: "TEST", messageBytesMax: 1e6, drainMsMax: 0 };
  const handlers = {
    GetReport: (
      call: ServerUnaryCall<{ model: string }, unknown>,
      reply: sendUnaryData<GetReportResponse>,
    ) => {
      const { model } = call.request;
      if (model === "missing") return reply({ code: 5, details: "no such model" });
      if (model === "slow") return;
      reply(null, create(GetReportResponseSchema, { report: { model } }));
    },
    WatchReports: (watch: Watch) => {
      onWatch(watch);
      const { model } = watch.request;
      for (let version = 1; version <= 3; version += 1) {
        watch.write(create(WatchReportsResponseSchema, { report: { model, version } }));
      }
      if (model === "finite") watch.end();
      if (model === "broken") watch.emit("error", { code: 14, details: "gone" });
    },
  };
  return await RpcServer.listen(options, [{ service: MonitorService, handlers }]);
}

const request = (model: string) => create(GetReportRequestSchema, { model });
const watching = (model: string) => create(WatchReportsRequestSchema, { model });

describe("a client's unary calls", () => {
  it("resolve with the reply or reject with a Failure", async () => {
    await using server = await serve();
    using client = new RpcClient(server.address);
    const { message } = await client.unary(getReport, request("wine"), { deadlineMs: 5000 });
    expect(message.report?.model).toBe("wine");
    expect(client.isConnected).toBe(true);
    await expect(
      client.unary(getReport, request("missing"), { deadlineMs: 5000 }),
    ).rejects.toMatchObject({ code: "not-found", message: "no such model" });
  });

  it("are cancelled by their signal, also one that has aborted before", async () => {
    await using server = await serve();
    using client = new RpcClient(server.address);
    const stop = new AbortController();
    const call = client.unary(getReport, request("slow"), {
      deadlineMs: 60_000,
      signal: stop.signal,
    });
    stop.abort();
    await expect(call).rejects.toMatchObject({ code: "cancelled" });
    await expect(
      client.unary(getReport, request("slow"), { deadlineMs: 60_000, signal: stop.signal }),
    ).rejects.toMatchObject({ code: "cancelled" });
  });

  it("are unavailable where nobody listens", async () => {
    const server = await serve();
    await server[Symbol.asyncDispose]();
    using client = new RpcClient(server.address);
    await expect(
      client.unary(getReport, request("wine"), { deadlineMs: 5000 }),
    ).rejects.toMatchObject({ code: "unavailable" });
    expect(client.isConnected).toBe(false);
  });
});

describe("a client's server streams", () => {
  it("yield what comes until the server ends them", async () => {
    await using server = await serve();
    using client = new RpcClient(server.address);
    const versions: (number | undefined)[] = [];
    for await (const { report } of client.serverStream(watchReports, watching("finite"))) {
      versions.push(report?.version);
    }
    expect(versions).toEqual([1, 2, 3]);
  });

  it("throw a Failure where the server fails", async () => {
    await using server = await serve();
    using client = new RpcClient(server.address);
    const read = async () => {
      for await (const _ of client.serverStream(watchReports, watching("broken")));
    };
    await expect(read()).rejects.toMatchObject({ code: "unavailable", message: "gone" });
  });

  it.each(["abort", "break"])("tell the server when the caller goes: %s", async (how) => {
    const { promise: gone, resolve } = Promise.withResolvers<void>();
    await using server = await serve((watch) => watch.on("cancelled", () => resolve()));
    using client = new RpcClient(server.address);
    const stop = new AbortController();
    const stream = client.serverStream(watchReports, watching("wine"), { signal: stop.signal });
    for await (const { report } of stream) {
      expect(report?.model).toBe("wine");
      if (how === "break") break;
      stop.abort();
    }
    await gone;
  });
});
