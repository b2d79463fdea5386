import { expect, it } from "vitest";
import type { ModelReport } from "#core/monitor/model-report.ts";
import type { WindowReport } from "#core/monitor/window-report.ts";
import { TraceStore } from "#core/trace/trace-store.ts";
import { HttpServer } from "#platform/http.ts";
import { eventually, readJson } from "../../test/support/monitor.ts";
import { SampleWatch } from "../../test/support/sample-watch.ts";
import { reportRoutes } from "./report-routes.ts";
import { WatchedModels } from "./watched-models.ts";

type Listed = { readonly reports: ModelReport[]; readonly nextPageToken: string };
type Alerts = { readonly alerts: object[]; readonly nextPageToken: string };
type History = { readonly windows: WindowReport[]; readonly nextPageToken: string };

it("tells windows in pages, and of the features asked for alone", async () => {
  await using served = await serve();
  const { address, wine } = served;
  for (let window = 0; window < 6; window += 1) wine.nextWindow();
  const first = await readJson<History>(address, "/history/wine/1?limit=3&feature=x.1&feature=x.2");
  expect(first.windows.map(({ features }) => features.map(({ name }) => name))).toEqual(
    [1, 2, 3].map(() => ["x.1", "x.2"]),
  );
  const path = `/history/wine/1?limit=3&decidingOnly=true&pageToken=${first.nextPageToken}`;
  const second = await readJson<History>(address, path);
  expect(second.nextPageToken).toBe("");
  const starts = [...first.windows, ...second.windows].map(({ startMs }) => startMs);
  expect(starts).toEqual(wine.watch.windows(1).map(({ startMs }) => startMs));
  expect(second.windows[0]?.features[0]?.statistics).toMatchObject([{ id: "psi.q10.half" }]);
});

it("tells reports of one model or all, the windows with what was asked for", async () => {
  await using served = await serve();
  const { address, wine } = served;
  wine.nextWindow();
  const all = await readJson<Listed>(address, "/reports?feature=x.0");
  expect(all).toMatchObject({ problem: "", nextPageToken: "", reports: [{ model: "wine" }] });
  expect(all.reports[0]?.open?.features).toHaveLength(1);
  expect(await readJson<Listed>(address, "/reports?model=beer")).toMatchObject({ reports: [] });
  const one = await readJson<ModelReport>(address, "/reports/wine/1?feature=x.0");
  expect(one.open?.features).toHaveLength(1);
});

it("tells alerts of one model or all", async () => {
  await using served = await serve();
  const { address, wine } = served;
  wine.nextWindow(1);
  wine.nextWindow();
  const told = { model: "wine", version: 1, feature: "x.0", state: "pending" };
  const all = await readJson<Alerts>(address, "/alerts");
  expect(all).toMatchObject({ problem: "", nextPageToken: "" });
  expect(all.alerts[0]).toMatchObject(told);
  expect((await readJson<Alerts>(address, "/alerts?model=wine")).alerts).toEqual(all.alerts);
  expect((await readJson<Alerts>(address, "/alerts?model=beer")).alerts).toEqual([]);
});

it("goes on telling those who watch, until they go", async () => {
  await using served = await serve();
  const { address, models, wine } = served;
  wine.nextWindow();
  const controller = new AbortController();
  const reply = await fetch(`http://${address}/watch/wine`, { signal: controller.signal });
  expect(reply.headers.get("content-type")).toBe("text/event-stream");
  const reading = reply.body?.pipeThrough(new TextDecoderStream()).getReader();
  const next = async () => JSON.parse((await reading?.read())?.value?.slice("data: ".length) ?? "");
  expect(await next()).toMatchObject({ model: "wine", counters: { messages: 1 } });
  wine.nextWindow();
  models.announce(wine.watch, 1);
  expect(await next()).toMatchObject({ counters: { messages: 2 }, closed: { startMs: 1000 } });
  controller.abort();
  await eventually(async () => (models.listeners === 0 ? true : undefined));
});

it("ends the streams of those who watch when the monitor stops", async () => {
  await using served = await serve();
  const reply = await fetch(`http://${served.address}/watch`);
  served.stop();
  await reply.text();
  expect(served.models.listeners).toBe(0);
});

it("says what is wrong with a request", async () => {
  await using served = await serve();
  const { address, models } = served;
  const wrong: readonly (readonly [path: string, message: string])[] = [
    ["/reports/beer", "does not watch a model beer"],
    ["/reports/wine/7", "nothing is known of version 7 of model wine"],
    ["/reports/wine/latest", '\\"latest\\" is no version'],
    ["/reports?pageToken=x", '\\"x\\" is the token of no page'],
    ["/alerts?pageToken=x", '\\"x\\" is the token of no page'],
    ["/history/wine?limit=-1", "limit must be an integer from 0 to 1000"],
    ["/history/wine?decidingOnly=1", "decidingOnly must be true or false"],
    ["/history/wine?pageToken=-3", "is the token of no page"],
    ["/nothing", "nothing is served at /nothing"],
  ];
  for (const [path, message] of wrong) {
    await expect(readJson(address, path), path).rejects.toThrow(message);
  }
  const held = Array.from({ length: 64 }, () => models.onWindow(() => {}));
  await expect(readJson(address, "/watch")).rejects.toThrow("64 watch already");
  for (const release of held) release();
});

async function serve() {
  await using opened = new AsyncDisposableStack();
  const models = new WatchedModels();
  const wine = new SampleWatch({ model: "wine", features: 3 });
  models.drop({ model: "wine", watch: wine.watch }, true);
  const stop = new AbortController();
  const listen = { host: "127.0.0.1", port: 0, setting: "" };
  const routes = reportRoutes({ models, traces: noTraces, stop: stop.signal });
  const onError = (error: unknown) => expect.unreachable(String(error));
  const server = opened.use(await HttpServer.listen({ listen, routes, drainMsMax: 0, onError }));
  const all = opened.move();
  return {
    models,
    wine,
    address: server.address,
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
