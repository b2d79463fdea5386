import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  GetReportRequestSchema,
  GetTraceRequestSchema,
  ListHistoryRequestSchema,
  ListReportsRequestSchema,
  MonitorService,
  Verdict,
  WatchReportsRequestSchema,
} from "#gen/sluice/monitor/v1/monitor_pb.ts";
import type { Bus } from "#platform/bus/bus.ts";
import { openBus } from "#platform/bus/nats.ts";
import { predictionStream } from "#platform/bus/streams.ts";
import { sleep } from "#platform/clock.ts";
import { silentLog } from "#platform/log.ts";
import { RpcClient } from "#platform/rpc/client.ts";
import { encodePredictionEvent } from "#wire/event/encode.ts";
import { predictionSubject } from "#wire/event/subject.ts";
import { readEnv, toConfig } from "../../services/monitor/config.ts";
import { type Monitor, startMonitor } from "../../services/monitor/monitor.ts";
import { eventually, readJson, reportWhen, watchedRepository } from "../support/monitor.ts";
import { startTestNats } from "../support/nats.ts";
import { evenly, makeEvent, type SampleEvent } from "../support/prediction-events.ts";
import { tempDir } from "../support/temp.ts";

const dayMs = 86_400_000;
const { listReports, getReport, listHistory, watchReports, getTrace } = MonitorService.method;

describe("the monitor", () => {
  it("tells over gRPC, JSON and metrics what it counted", async () => {
    await using cluster = await start({ windowMs: dayMs });
    const { monitor, publish } = cluster;
    await publish({ of: [{ id: 1, timeMs: Date.now(), x: evenly(600) }] });
    await publish({ of: [{ id: 1, timeMs: Date.now(), x: evenly(600) }], seq: 2, rowsTotal: 1300 });
    const { http, grpc, metrics } = monitor.ready;
    const report = await reportWhen(http, ({ counters }) => counters.messages === 2);
    expect(report).toMatchObject({
      model: "wine",
      version: 1,
      baselineProblem: "",
      baselineRows: 1000,
      windowMs: dayMs,
      open: { rows: 600, verdict: "ok", provisional: true, features: [{ name: "x" }] },
      counters: { rowsTotal: 1300, rowsIncluded: 1200, rowsDuplicate: 600, rowsLost: 100 },
    });

    using client = new RpcClient(grpc);
    const deadline = { deadlineMs: 5000 };
    const one = create(GetReportRequestSchema, { model: "wine" });
    const { message } = await client.unary(getReport, one, deadline);
    expect(message.report).toMatchObject({ version: 1, open: { rows: 600n, verdict: Verdict.OK } });
    const all = create(ListReportsRequestSchema);
    const listed = await client.unary(listReports, all, deadline);
    expect(listed.message).toMatchObject({ reports: [{ model: "wine" }], problem: "" });
    const other = create(GetReportRequestSchema, { model: "beer" });
    await expect(client.unary(getReport, other, deadline)).rejects.toMatchObject({
      code: "not-found",
    });
    const text = await (await fetch(`http://${metrics}/metrics`)).text();
    expect(text).toContain('sluice_monitor_rows_lost{model="wine",version="1"');
    expect(text).toMatch(/sluice_performance_coverage\{[^}]*model="wine"[^}]*\} 0/);
  });

  it("closes windows as the stream's time goes on, and tells those who watch", async () => {
    await using cluster = await start({ windowMs: 1000 });
    const { monitor, publish, read } = cluster;
    using client = new RpcClient(monitor.ready.grpc);
    const watched = read(client);
    let seq = 0;
    await eventually(async () => {
      seq += 1;
      const x = evenly(200).map((value) => value + 0.5);
      await publish({ of: [{ id: seq, timeMs: Date.now(), x }], seq, rowsTotal: seq * 200 });
      await sleep(50);
      const { windows } = await readJson<{ windows: object[] }>(
        monitor.ready.http,
        "/history/wine/1?limit=5",
      );
      return windows.length >= 2 ? windows : undefined;
    });
    expect(await watched).toMatchObject({ model: "wine", closed: { verdict: Verdict.ALARM } });
    const { message } = await client.unary(
      listHistory,
      create(ListHistoryRequestSchema, { model: "wine", version: 1 }),
      { deadlineMs: 5000 },
    );
    const [latest, before] = message.windows;
    expect(latest?.startMs).toBeGreaterThan(before?.startMs ?? 0n);
    expect(latest?.features).toMatchObject([{ name: "x", verdict: Verdict.ALARM }]);
    const { metrics } = monitor.ready;
    const text = await (await fetch(`http://${metrics}/metrics`)).text();
    expect(text).toMatch(/sluice_drift_verdict\{[^}]*feature="x"[^}]*\} 2/);
    expect(text).toMatch(/sluice_drift_score\{[^}]*statistic="psi.q10.half"[^}]*\} \d/);
  });

  it("tells of a category that has become an identifier", async () => {
    await using cluster = await start({ windowMs: dayMs });
    const { monitor, publish } = cluster;
    // Each has a label of its own.
    const x = Array.from({ length: 400 }, (_, index) => 2 + index / 4);
    await publish({ of: [{ id: 1, timeMs: Date.now(), x }] });
    const { http } = monitor.ready;
    const report = await reportWhen(http, ({ counters }) => counters.messages === 1);
    const [label] = report.open?.outputs ?? [];
    expect(label?.distinctExpected).toBeCloseTo(2, 6);
    expect(label?.distinct).toBeGreaterThan(320);
    expect(label?.distinct).toBeLessThan(480);
    expect(label?.findings).toContainEqual(expect.objectContaining({ check: "cardinality" }));
    expect(label?.unseenValues).toHaveLength(8);
    using client = new RpcClient(monitor.ready.grpc);
    const one = create(GetReportRequestSchema, { model: "wine" });
    const { message } = await client.unary(getReport, one, { deadlineMs: 5000 });
    expect(message.report?.open?.outputs[0]?.unseenValues[0]?.value).toMatch(/^far \d/);
    expect(message.report?.open?.outputs[0]?.distinct).toBe(BigInt(label?.distinct ?? 0));
  });

  it("adds its span to the traces of sampled requests", async () => {
    await using cluster = await start({ windowMs: dayMs });
    const { monitor, publish } = cluster;
    const traceId = new Uint8Array(16).fill(0xab);
    const trace = { traceId, spanId: new Uint8Array(8).fill(0xcd) };
    await publish({ of: [{ id: 1, trace }, { id: 2 }] });
    using client = new RpcClient(monitor.ready.grpc);
    const { spans } = await eventually(async () => {
      const request = create(GetTraceRequestSchema, { id: "ab".repeat(16) });
      return (await client.unary(getTrace, request, { deadlineMs: 5000 })).message;
    });
    expect(spans).toMatchObject([
      {
        name: "process sluice.prediction",
        service: "sluice-monitor",
        kind: "consumer",
        parentSpanId: "cd".repeat(8),
        attributes: { "sluice.model": "wine", "sluice.rows": "1" },
      },
    ]);
  });

  it("puts aside what it cannot read and goes on", async () => {
    await using cluster = await start({ windowMs: dayMs });
    const { monitor, publish, bus } = cluster;
    const subject = predictionSubject({ model: "wine", version: 1 });
    await bus.publish(subject, new TextEncoder().encode("no message"));
    await publish({ rowsCovered: 0 });
    await publish({});
    const { http } = monitor.ready;
    const report = await reportWhen(http, ({ counters }) => counters.messages === 1);
    expect(report.counters.messagesQuarantined).toBe(2);
    expect(await readJson(http, "/quarantine")).toMatchObject({
      messages: [
        { model: "wine", version: 1, seq: 1, problem: expect.stringContaining("malformed") },
        { model: "wine", version: 1, seq: 2, problem: expect.stringContaining("covers 0") },
      ],
    });
  });

  it("watches a model that it has no folder of, without a baseline", async () => {
    await using cluster = await start({ windowMs: dayMs });
    await cluster.publish({ model: "beer" });
    const report = await eventually(() => readJson(cluster.monitor.ready.http, "/reports/beer"));
    expect(report).toMatchObject({ version: 1, baselineProblem: "it has no baseline.json" });
  });

  it("watches what the stream speaks of where the repository has no model at all", async () => {
    await using empty = await tempDir();
    await using cluster = await start({ windowMs: dayMs, models: empty.path });
    await cluster.publish({ model: "beer" });
    const report = await eventually(() => readJson(cluster.monitor.ready.http, "/reports/beer"));
    expect(report).toMatchObject({ version: 1, counters: { messages: 1 } });
  });

  it("serves traces without NATS and says that it reads no events", async () => {
    const config = toConfig(readEnv(freePorts));
    await using monitor = await startMonitor(config, { log: silentLog });
    const { http } = monitor.ready;
    const problem = "NATS_URL is not set: no events are read";
    expect(await readJson(http, "/reports")).toMatchObject({ reports: [], problem });
    await expect(readJson(http, "/reports/wine")).rejects.toThrow(problem);
    expect(await readJson(http, "/traces")).toMatchObject({ traces: [] });
    expect(await readJson(http, "/healthz")).toMatchObject({ status: "ok" });
    await expect(readJson(http, "/traces?limit=x")).rejects.toThrow("limit must be an integer");
    await expect(readJson(http, "/reports/wine/x")).rejects.toThrow("is no version");
  });
});

const freePorts = {
  SLUICE_MONITOR_GRPC_PORT: "0",
  SLUICE_MONITOR_HTTP_PORT: "0",
  SLUICE_MONITOR_METRICS_PORT: "0",
  SLUICE_OTLP_PORT: "0",
  SLUICE_MONITOR_GRACE_MS: "100",
  SLUICE_LEASE_MS: "2000",
};

/** Of the model wine, unless `models` is another repository. */
async function start(of: { readonly windowMs: number; readonly models?: string }) {
  await using opened = new AsyncDisposableStack();
  const nats = opened.use(await startTestNats());
  const repository = opened.use(await watchedRepository(of.windowMs));
  const models = of.models ?? repository.path;
  const bus = opened.use(await openBus({ url: nats.url, name: "test", log: silentLog }));
  const env = { ...freePorts, SLUICE_MODELS: models, NATS_URL: nats.url };
  const config = toConfig(readEnv(env));
  const monitor: Monitor = opened.use(await startMonitor(config, { log: silentLog }));
  await eventually(() => bus.ensureStream(predictionStream));
  const all = opened.move();
  return {
    monitor,
    bus,
    publish: (event: SampleEvent) => publish(bus, event),
    read: readFirstClosed,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

async function publish(bus: Bus, given: SampleEvent): Promise<void> {
  const event = makeEvent(given);
  await bus.publish(predictionSubject(event), encodePredictionEvent(event));
}

/** The first report of a closed window that WatchReports tells. */
async function readFirstClosed(client: RpcClient) {
  const request = create(WatchReportsRequestSchema, { model: "wine" });
  for await (const { report } of client.serverStream(watchReports, request)) {
    if (report?.closed !== undefined) return report;
  }
  throw new Error("the stream ended");
}
