import { create, type DescMessage, type MessageShape, toJson } from "@bufbuild/protobuf";
import { Failure } from "#core/failure.ts";
import { parseVersion } from "#core/model/name.ts";
import type { ModelReport } from "#core/monitor/model-report.ts";
import {
  GetTraceRequestSchema,
  GetTraceResponseSchema,
  ListTracesRequestSchema,
  ListTracesResponseSchema,
} from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { type HttpReply, type HttpRequest, jsonReply, type Route } from "#platform/http.ts";
import { followReports } from "./report-feed.ts";
import { pageOfReports, pageOfWindows } from "./report-pages.ts";
import { type Selection, selectReport, selectWindow } from "./report-selection.ts";
import type { Traces } from "./traces/trace-service.ts";
import type { WatchedModels } from "./watched-models.ts";

const limitMax = 1000;
const historyDefault = 60;

export type RouteModules = {
  readonly models: WatchedModels;
  readonly traces: Traces;
  /** Ends the streams of those who watch. */
  readonly stop: AbortSignal;
};

/**
 * What MonitorService tells, as JSON: reports with plain numbers, traces as protobuf's JSON has
 * them. Lists come in pages, whose `nextPageToken` goes into `pageToken`; `feature`, once or more,
 * names those to tell of. `/watch` goes on as server-sent events.
 */
export function reportRoutes({ models, traces, stop }: RouteModules): Route[] {
  const get = (path: string, handle: (request: HttpRequest) => HttpReply): Route => ({
    method: "GET",
    path,
    handle,
  });
  const report = (request: HttpRequest, version: number) =>
    jsonReply(
      selectReport(models.report(modelOf(request.params), version), selectionOf(request.query)),
    );
  return [
    get("/healthz", () => jsonReply({ status: "ok", problem: models.problem })),
    get("/reports", (request) => reports(models, request)),
    get("/reports/:model", (request) => report(request, 0)),
    get("/reports/:model/:version", (request) => report(request, versionOf(request.params))),
    get("/history/:model", (request) => history(models, request, 0)),
    get("/history/:model/:version", (request) =>
      history(models, request, versionOf(request.params)),
    ),
    get("/alerts", (request) => alerts(models, request)),
    get("/watch", (request) => watch(models, request, stop)),
    get("/watch/:model", (request) => watch(models, request, stop)),
    get("/quarantine", () => jsonReply({ messages: quarantine(models) })),
    get("/traces", (request) => listTraces(traces, request)),
    get("/traces/:id", ({ params }) => {
      const request = create(GetTraceRequestSchema, { id: params["id"] ?? "" });
      return messageReply(GetTraceResponseSchema, traces.getTrace(request));
    }),
  ];
}

function reports(models: WatchedModels, { query }: HttpRequest): HttpReply {
  const of = { model: query.get("model") ?? "", token: query.get("pageToken") ?? "" };
  const selection = selectionOf(query);
  const { items, nextToken } = pageOfReports(models, of, (report) =>
    measured(selectReport(report, selection)),
  );
  return jsonReply({ reports: items, problem: models.problem, nextPageToken: nextToken });
}

/** A page is of whole versions. */
function alerts(models: WatchedModels, { query }: HttpRequest): HttpReply {
  const of = { model: query.get("model") ?? "", token: query.get("pageToken") ?? "" };
  const { items, nextToken } = pageOfReports(models, of, (report) => measured(alertsOf(report)));
  const { problem } = models;
  return jsonReply({ alerts: items.flat(), problem, nextPageToken: nextToken });
}

function alertsOf({ model, version, alerts: all }: ModelReport) {
  return all.map((alert) => ({ model, version, ...alert, state: alert.state.kind }));
}

function history(
  models: WatchedModels,
  { params, query }: HttpRequest,
  version: number,
): HttpReply {
  const limit = count(query, "limit", historyDefault, limitMax);
  const of = { model: modelOf(params), version, limit, token: query.get("pageToken") ?? "" };
  const selection = selectionOf(query);
  const { items, nextToken } = pageOfWindows(models, of, (window) =>
    measured(selectWindow(window, selection)),
  );
  return jsonReply({ windows: items, nextPageToken: nextToken });
}

function measured<Item>(item: Item) {
  return { message: item, bytes: JSON.stringify(item).length };
}

function watch(
  models: WatchedModels,
  { params, query, gone }: HttpRequest,
  stop: AbortSignal,
): HttpReply {
  const signal = AbortSignal.any([stop, gone]);
  const followed = followReports(models, { model: modelOf(params), signal });
  return {
    status: 200,
    type: "text/event-stream",
    body: events(followed, selectionOf(query)),
  };
}

async function* events(
  followed: AsyncIterable<ModelReport>,
  selection: Selection,
): AsyncGenerator<string> {
  for await (const report of followed) {
    yield `data: ${JSON.stringify(selectReport(report, selection))}\n\n`;
  }
}

function selectionOf(query: URLSearchParams): Selection {
  const isDeciding = flag(query, "decidingOnly");
  return { features: query.getAll("feature"), decidingOnly: isDeciding };
}

function quarantine(models: WatchedModels) {
  return [...models.held].flatMap(({ model, watch }) =>
    watch.quarantine.map((message) => ({ model, ...message })),
  );
}

function listTraces(traces: Traces, { query }: HttpRequest): HttpReply {
  const request = create(ListTracesRequestSchema, {
    limit: count(query, "limit", 0, limitMax),
    model: query.get("model") ?? "",
    failed: flag(query, "failed"),
    durationMsMin: count(query, "durationMsMin", 0, 2 ** 31 - 1),
  });
  return messageReply(ListTracesResponseSchema, traces.listTraces(request));
}

function messageReply<Desc extends DescMessage>(
  desc: Desc,
  message: MessageShape<Desc>,
): HttpReply {
  return jsonReply(toJson(desc, message, { alwaysEmitImplicit: true }));
}

function modelOf(params: Readonly<Record<string, string>>): string {
  return params["model"] ?? "";
}

function versionOf(params: Readonly<Record<string, string>>): number {
  const text = params["version"] ?? "";
  const version = parseVersion(text);
  if (version === undefined) throw new Failure("invalid-argument", `"${text}" is no version`);
  return version;
}

/** A number of the query, `fallback` where it is absent. */
function count(query: URLSearchParams, name: string, fallback: number, max: number): number {
  const text = query.get(name);
  if (text === null) return fallback;
  const value = /^[0-9]{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= max) return value;
  throw new Failure(
    "invalid-argument",
    `${name} must be an integer from 0 to ${max}, not "${text}"`,
  );
}

function flag(query: URLSearchParams, name: string): boolean {
  const text = query.get(name) ?? "false";
  if (text === "true" || text === "false") return text === "true";
  throw new Failure("invalid-argument", `${name} must be true or false, not "${text}"`);
}
