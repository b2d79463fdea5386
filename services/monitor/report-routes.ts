import { create, type DescMessage, type MessageShape, toJson } from "@bufbuild/protobuf";
import { Failure } from "#core/failure.ts";
import { parseVersion } from "#core/model/name.ts";
import {
  GetTraceRequestSchema,
  GetTraceResponseSchema,
  ListTracesRequestSchema,
  ListTracesResponseSchema,
} from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { type HttpReply, type HttpRequest, jsonReply, type Route } from "#platform/http.ts";
import type { Traces } from "./traces/trace-service.ts";
import type { WatchedModels } from "./watched-models.ts";

const limitMax = 1000;
const historyDefault = 60;

/**
 * What MonitorService tells, as JSON: reports with plain numbers, traces as protobuf's JSON has
 * them.
 */
export function reportRoutes(models: WatchedModels, traces: Traces): Route[] {
  const get = (path: string, handle: (request: HttpRequest) => HttpReply): Route => ({
    method: "GET",
    path,
    handle,
  });
  return [
    get("/healthz", () => jsonReply({ status: "ok", problem: models.problem })),
    get("/reports", () => jsonReply({ reports: models.reports(), problem: models.problem })),
    get("/reports/:model", ({ params }) => jsonReply(models.report(modelOf(params), 0))),
    get("/reports/:model/:version", ({ params }) =>
      jsonReply(models.report(modelOf(params), versionOf(params))),
    ),
    get("/history/:model", (request) => history(models, request, 0)),
    get("/history/:model/:version", (request) =>
      history(models, request, versionOf(request.params)),
    ),
    get("/alerts", () => jsonReply({ alerts: alertsOf(models), problem: models.problem })),
    get("/quarantine", () => jsonReply({ messages: quarantine(models) })),
    get("/traces", (request) => listTraces(traces, request)),
    get("/traces/:id", ({ params }) => {
      const request = create(GetTraceRequestSchema, { id: params["id"] ?? "" });
      return messageReply(GetTraceResponseSchema, traces.getTrace(request));
    }),
  ];
}

function history(
  models: WatchedModels,
  { params, query }: HttpRequest,
  version: number,
): HttpReply {
  const limit = count(query, "limit", historyDefault, limitMax);
  return jsonReply({ windows: models.windows(modelOf(params), version, limit) });
}

function alertsOf(models: WatchedModels) {
  return models
    .reports()
    .flatMap(({ model, version, alerts }) =>
      alerts.map((alert) => ({ model, version, ...alert, state: alert.state.kind })),
    );
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
    failed: query.get("failed") === "true",
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
