import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type * as grpc from "@grpc/grpc-js";
import { Failure } from "#core/failure.ts";
import type { ModelReport } from "#core/monitor/model-report.ts";
import type { WindowReport } from "#core/monitor/window-report.ts";
import {
  type GetReportRequest,
  GetReportResponseSchema,
  type GetTraceRequest,
  type ListHistoryRequest,
  ListHistoryResponseSchema,
  type ListReportsRequest,
  ListReportsResponseSchema,
  type ListTracesRequest,
  MonitorService,
  ReportSchema,
  type WatchReportsRequest,
  WatchReportsResponseSchema,
  WindowSchema,
} from "#gen/sluice/monitor/v1/monitor_pb.ts";
import type { ServedService } from "#platform/rpc/server.ts";
import { toReportMessage, toWindowMessage } from "#wire/drift-report.ts";
import { toStatusCode } from "#wire/status.ts";
import { followReports } from "./report-feed.ts";
import { pageOfReports, pageOfWindows } from "./report-pages.ts";
import { selectReport, selectWindow } from "./report-selection.ts";
import type { Traces } from "./traces/trace-service.ts";
import type { WatchedModels } from "./watched-models.ts";

const historyDefault = 60;
const unreadMsDefault = 60_000;

export type ReportServiceModules = {
  readonly models: WatchedModels;
  readonly traces: Traces;
  /** Ends the streams of those who watch. */
  readonly stop: AbortSignal;
  /** How long a report may wait for somebody who watches to read it; default a minute. */
  readonly unreadMsMax?: number;
};

/** MonitorService: reports and windows of the watched models, and the traces that were kept. */
export function reportService(modules: ReportServiceModules): ServedService {
  const { models, traces } = modules;
  return {
    service: MonitorService,
    handlers: {
      ListReports: unary((request: ListReportsRequest) => listReports(models, request)),
      GetReport: unary(({ model, version, features }: GetReportRequest) => {
        const report = toReportMessage(selectReport(models.report(model, version), { features }));
        return create(GetReportResponseSchema, { report });
      }),
      ListHistory: unary((request: ListHistoryRequest) => listHistory(models, request)),
      WatchReports: (call: WatchCall) => void watchReports(modules, call),
      ListTraces: unary((request: ListTracesRequest) => traces.listTraces(request)),
      GetTrace: unary((request: GetTraceRequest) => traces.getTrace(request)),
    },
  };
}

function listReports(models: WatchedModels, request: ListReportsRequest) {
  const { model, pageToken: token, features } = request;
  const { items: reports, nextToken } = pageOfReports(models, { model, token }, (report) =>
    encoded(ReportSchema, toReportMessage(selectReport(report, { features }))),
  );
  const { problem } = models;
  return create(ListReportsResponseSchema, { reports, problem, nextPageToken: nextToken });
}

function listHistory(models: WatchedModels, request: ListHistoryRequest) {
  const { model, version, pageToken: token, features, decidingOnly } = request;
  const limit = request.limit === 0 ? historyDefault : request.limit;
  const of = { model, version, limit, token };
  const { items: windows, nextToken } = pageOfWindows(models, of, (window: WindowReport) =>
    encoded(WindowSchema, toWindowMessage(selectWindow(window, { features, decidingOnly }))),
  );
  return create(ListHistoryResponseSchema, { windows, nextPageToken: nextToken });
}

function encoded<Desc extends DescMessage>(schema: Desc, init: MessageInitShape<Desc>) {
  const message = create(schema, init);
  return { message, bytes: toBinary(schema, message).length };
}

type WatchCall = grpc.ServerWritableStream<WatchReportsRequest, unknown>;

/** Tells of reports until the caller goes, or does not read what it is told. */
async function watchReports(modules: ReportServiceModules, call: WatchCall): Promise<void> {
  const { models, stop, unreadMsMax = unreadMsDefault } = modules;
  const { model, features } = call.request;
  const gone = new AbortController();
  call.on("cancelled", () => gone.abort());
  const signal = AbortSignal.any([stop, gone.signal]);
  try {
    for await (const report of followReports(models, { model, signal })) {
      await write(call, { report: selectReport(report, { features }), unreadMsMax, signal });
    }
    call.end();
  } catch (error) {
    call.emit("error", statusError(Failure.from(error)));
  } finally {
    gone.abort();
  }
}

/** Resolves when the report is on its way: then there is room for the next. */
async function write(
  call: WatchCall,
  of: { readonly report: ModelReport; readonly unreadMsMax: number; readonly signal: AbortSignal },
): Promise<void> {
  const { report, unreadMsMax, signal } = of;
  const message = create(WatchReportsResponseSchema, { report: toReportMessage(report) });
  await new Promise<void>((resolve, reject) => {
    const giveUp = () => reject(new Failure("resource-exhausted", unread(unreadMsMax)));
    const timer = setTimeout(giveUp, unreadMsMax);
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    signal.addEventListener("abort", done);
    call.write(message, done);
  });
}

function unread(ms: number): string {
  return `a report was not read for ${ms} ms`;
}

function unary<Request, Reply>(handle: (request: Request) => Reply) {
  return (call: grpc.ServerUnaryCall<Request, Reply>, reply: grpc.sendUnaryData<Reply>): void => {
    try {
      reply(null, handle(call.request));
    } catch (error) {
      reply(statusError(Failure.from(error)));
    }
  };
}

function statusError({ code, message }: Failure): Error & { code: number; details: string } {
  return Object.assign(new Error(message), { code: toStatusCode(code), details: message });
}
