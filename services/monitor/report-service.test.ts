import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { TraceStore } from "#core/trace/trace-store.ts";
import {
  GetReportRequestSchema,
  ListHistoryRequestSchema,
  ListReportsRequestSchema,
  MonitorService,
  type Report,
  WatchReportsRequestSchema,
  type Window,
} from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { RpcClient } from "#platform/rpc/client.ts";
import { RpcServer } from "#platform/rpc/server.ts";
import { eventually } from "../../test/support/monitor.ts";
import { SampleWatch } from "../../test/support/sample-watch.ts";
import { reportService } from "./report-service.ts";
import { WatchedModels } from "./watched-models.ts";

const { watchReports, listHistory, listReports, getReport } = MonitorService.method;
const deadline = { deadlineMs: 10_000 };
/** What clients take by default. */
const messageBytesMax = 4 * 1024 * 1024;

describe("WatchReports", () => {
  it("tells first how things are, then of every window, and gives the place back", async () => {
    await using served = await serve();
    const { models, wine } = served;
    wine.nextWindow();
    const reading = served.watch();
    const first = (await reading.next()).value?.report;
    expect(first).toMatchObject({ model: "wine", version: 1, counters: { messages: 1n } });
    for (let window = 2; window < 20; window += 1) {
      wine.nextWindow();
      models.announce(wine.watch, 1);
      const { value } = await reading.next();
      expect(value?.report?.counters?.messages).toBe(BigInt(window));
    }
    await reading.return(undefined);
    await eventually(async () => (models.listeners === 0 ? true : undefined));
  });

  it("tells the latest alone to those who read more slowly than windows close", async () => {
    await using served = await serve();
    const { models, wine } = served;
    wine.nextWindow();
    const reading = served.watch();
    await reading.next();
    for (let window = 0; window < 100; window += 1) {
      wine.nextWindow();
      models.announce(wine.watch, 1);
    }
    const seen: (bigint | undefined)[] = [];
    while (seen.at(-1) !== 101n)
      seen.push((await reading.next()).value?.report?.counters?.messages);
    expect(seen.length).toBeLessThan(10);
  });

  it("tells nothing of other models and features than those asked for", async () => {
    await using served = await serve(3);
    const { models, wine } = served;
    const other = new SampleWatch({ model: "beer" });
    models.drop({ model: "beer", watch: other.watch }, true);
    const reading = served.watch({ model: "wine", features: ["x.1"] });
    const first: Report | undefined = (await reading.next()).value?.report;
    wine.nextWindow();
    wine.nextWindow();
    models.announce(other.watch, 1);
    models.announce(wine.watch, 1);
    const report: Report | undefined = (await reading.next()).value?.report;
    expect([first?.model, report?.model]).toEqual(["wine", "wine"]);
    expect(report?.closed?.features.map(({ name }) => name)).toEqual(["x.1"]);
  });

  it("refuses more than 64", async () => {
    await using served = await serve();
    const { models } = served;
    const reading = Array.from({ length: 64 }, () => served.watch());
    for (const each of reading) void each.next().catch(() => {});
    await eventually(async () => (models.listeners === 64 ? true : undefined));
    await expect(served.watch().next()).rejects.toMatchObject({ code: "resource-exhausted" });
  });

  it("ends with those who do not read what they are told", async () => {
    await using served = await serve(300);
    const { models, wine } = served;
    const reading = served.watch();
    await reading.next();
    await eventually(async () => {
      wine.nextWindow();
      models.announce(wine.watch, 1);
      return models.listeners === 0 ? true : undefined;
    });
    const readToTheEnd = async () => {
      for (;;) if ((await reading.next()).done === true) return;
    };
    await expect(readToTheEnd()).rejects.toMatchObject({
      code: "resource-exhausted",
      message: expect.stringContaining("was not read for 200 ms"),
    });
  });

  it("ends when the monitor stops", async () => {
    await using served = await serve();
    const reading = served.watch();
    await reading.next();
    served.stop();
    expect((await reading.next()).done).toBe(true);
    await eventually(async () => (served.models.listeners === 0 ? true : undefined));
  });
});

describe("ListHistory", () => {
  it("tells the windows of a wide model in pages that fit into a message", async () => {
    await using served = await serve(600);
    const { client, wine } = served;
    for (let window = 0; window < 22; window += 1) wine.nextWindow();
    const expected = wine.watch.windows(1).map(({ startMs }) => BigInt(startMs));
    const pages: Window[][] = [];
    for (let pageToken = ""; pages.length === 0 || pageToken !== ""; ) {
      const request = create(ListHistoryRequestSchema, { model: "wine", limit: 21, pageToken });
      const { message } = await client.unary(listHistory, request, deadline);
      pages.push(message.windows);
      pageToken = message.nextPageToken;
      // Windows that close meanwhile belong to no page of this reading.
      if (pages.length === 1) wine.nextWindow();
    }
    expect(pages.length).toBeGreaterThan(1);
    expect(pages.flat().map(({ startMs }) => startMs)).toEqual(expected);
    expect(pages.flat().every(({ features }) => features.length === 600)).toBe(true);
  });

  it("tells all windows at once of the features and statistics asked for", async () => {
    await using served = await serve(600);
    const { client, wine } = served;
    for (let window = 0; window < 22; window += 1) wine.nextWindow();
    const of = { model: "wine", features: ["x.7", "x.9"], decidingOnly: true };
    const request = create(ListHistoryRequestSchema, of);
    const { message } = await client.unary(listHistory, request, deadline);
    expect(message.windows).toHaveLength(21);
    expect(message.nextPageToken).toBe("");
    expect(message.windows[0]?.features).toMatchObject([
      { name: "x.7", statistics: [{ id: "psi.q10.half" }] },
      { name: "x.9", statistics: [{ id: "psi.q10.half" }] },
    ]);
  });

  it("refuses a token that is none", async () => {
    await using served = await serve();
    const request = create(ListHistoryRequestSchema, { model: "wine", pageToken: "no token" });
    await expect(served.client.unary(listHistory, request, deadline)).rejects.toMatchObject({
      code: "invalid-argument",
      message: expect.stringContaining('"no token" is the token of no page'),
    });
  });
});

describe("ListReports", () => {
  it("tells of many wide models in pages that fit into a message", async () => {
    await using served = await serve(600);
    const { client, models } = served;
    const names = Array.from({ length: 12 }, (_, index) => `m${index + 10}`);
    for (const model of names) {
      const sample = new SampleWatch({ model, features: 600 });
      for (let window = 0; window < 2; window += 1) sample.nextWindow();
      models.drop({ model, watch: sample.watch }, true);
    }
    const seen: string[] = [];
    let pages = 0;
    for (let pageToken = ""; pages === 0 || pageToken !== ""; pages += 1) {
      const request = create(ListReportsRequestSchema, { pageToken });
      const { message } = await client.unary(listReports, request, deadline);
      seen.push(...message.reports.map(({ model }) => model));
      pageToken = message.nextPageToken;
    }
    expect(seen).toEqual([...names, "wine"]);
    expect(pages).toBeGreaterThan(1);
    const request = create(ListReportsRequestSchema, { features: ["x.0"] });
    const { message } = await client.unary(listReports, request, deadline);
    expect(message.reports).toHaveLength(13);
    const one = create(GetReportRequestSchema, { model: "m10", features: ["x.0"] });
    const { report } = (await client.unary(getReport, one, deadline)).message;
    expect(report?.open?.features.map(({ name }) => name)).toEqual(["x.0"]);
  });
});

async function serve(features: number = 1) {
  await using opened = new AsyncDisposableStack();
  const models = new WatchedModels();
  const wine = new SampleWatch({ model: "wine", features });
  // Held by nobody, and so readable without a claim.
  models.drop({ model: "wine", watch: wine.watch }, true);
  const stop = new AbortController();
  const server = opened.use(
    await RpcServer.listen(
      { address: "127.0.0.1:0", setting: "", messageBytesMax, drainMsMax: 0 },
      [reportService({ models, traces: noTraces, stop: stop.signal, unreadMsMax: 200 })],
    ),
  );
  const client = opened.use(new RpcClient(server.address, messageBytesMax));
  const all = opened.move();
  return {
    models,
    wine,
    client,
    watch: (of: { readonly model?: string; readonly features?: string[] } = {}) =>
      client.serverStream(watchReports, create(WatchReportsRequestSchema, of)),
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
