import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { ModelWatch } from "#core/monitor/model-watch.ts";
import { TraceStore } from "#core/trace/trace-store.ts";
import { MonitorService, WatchReportsRequestSchema } from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { RpcClient } from "#platform/rpc/client.ts";
import { RpcServer } from "#platform/rpc/server.ts";
import { eventually } from "../../test/support/monitor.ts";
import { sampleDefinition } from "../../test/support/prediction-events.ts";
import { reportService } from "./report-service.ts";
import { WatchedModels } from "./watched-models.ts";

const { watchReports } = MonitorService.method;
const options = { model: "wine", windowMs: 1000, graceMs: 0, thresholds: {} };
const watch = new ModelWatch(options, new Map([[1, sampleDefinition()]]));

it("tells who watches of every window, and gives the place back when they go", async () => {
  await using served = await serve();
  const { models } = served;
  const reading = served.watch();
  const first = reading.next();
  await eventually(async () => (models.listeners === 1 ? true : undefined));
  for (let window = 0; window < 20; window += 1) models.announce(watch, 1);
  expect((await first).value?.report).toMatchObject({ model: "wine", version: 1 });
  for (let window = 1; window < 20; window += 1) expect((await reading.next()).done).toBe(false);
  await reading.return(undefined);
  await eventually(async () => (models.listeners === 0 ? true : undefined));
});

it("refuses more than 64 that watch", async () => {
  await using served = await serve();
  const { models } = served;
  const reading = Array.from({ length: 64 }, () => served.watch());
  for (const each of reading) void each.next().catch(() => {});
  await eventually(async () => (models.listeners === 64 ? true : undefined));
  await expect(served.watch().next()).rejects.toMatchObject({ code: "resource-exhausted" });
});

it("ends with those who do not read what they are told", async () => {
  await using served = await serve();
  const { models } = served;
  const reading = served.watch();
  const first = reading.next();
  await eventually(async () => (models.listeners === 1 ? true : undefined));
  for (let window = 0; window < 100; window += 1) models.announce(watch, 1);
  await first;
  const readToTheEnd = async () => {
    for (;;) if ((await reading.next()).done === true) return;
  };
  await expect(readToTheEnd()).rejects.toMatchObject({
    code: "resource-exhausted",
    message: expect.stringContaining("32 reports were not read"),
  });
  await eventually(async () => (models.listeners === 0 ? true : undefined));
});

it("ends the streams of those who watch when it stops", async () => {
  await using served = await serve();
  const reading = served.watch();
  const first = reading.next();
  await eventually(async () => (served.models.listeners === 1 ? true : undefined));
  served.stop();
  expect((await first).done).toBe(true);
  await eventually(async () => (served.models.listeners === 0 ? true : undefined));
});

async function serve() {
  await using opened = new AsyncDisposableStack();
  const models = new WatchedModels();
  const stop = new AbortController();
  const server = opened.use(
    await RpcServer.listen(
      { address: "127.0.0.1:0", setting: "", messageBytesMax: 1e6, drainMsMax: 0 },
      [reportService({ models, traces: noTraces, stop: stop.signal })],
    ),
  );
  const client = opened.use(new RpcClient(server.address));
  const all = opened.move();
  return {
    models,
    watch: () => client.serverStream(watchReports, create(WatchReportsRequestSchema)),
    stop: () => stop.abort(),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

const noTraces = {
  address: "",
  store: new TraceStore({ tracesMax: 1, bytesMax: 1, spansPerTraceMax: 1, slowUs: 1 }),
  listTraces: unasked,
  getTrace: unasked,
  async [Symbol.asyncDispose]() {},
};

function unasked(): never {
  throw new Error("nobody asks for traces here");
}
