import { create } from "@bufbuild/protobuf";
import type * as grpc from "@grpc/grpc-js";
import { Failure } from "#core/failure.ts";
import type { ModelReport } from "#core/monitor/model-watch.ts";
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
  type WatchReportsRequest,
  WatchReportsResponseSchema,
} from "#gen/sluice/monitor/v1/monitor_pb.ts";
import type { ServedService } from "#platform/rpc/server.ts";
import { toReportMessage, toWindowMessage } from "#wire/drift-report.ts";
import { toStatusCode } from "#wire/status.ts";
import type { Traces } from "./traces/trace-service.ts";
import type { WatchedModels } from "./watched-models.ts";

const historyDefault = 60;
// A client that does not read holds this much of ours.
const unreadMax = 32;

export type ReportServiceModules = {
  readonly models: WatchedModels;
  readonly traces: Traces;
  /** Ends the streams of those who watch. */
  readonly stop: AbortSignal;
};

/** MonitorService: reports and windows of the watched models, and the traces that were kept. */
export function reportService({ models, traces, stop }: ReportServiceModules): ServedService {
  return {
    service: MonitorService,
    handlers: {
      ListReports: unary((request: ListReportsRequest) => listReports(models, request)),
      GetReport: unary(({ model, version }: GetReportRequest) =>
        create(GetReportResponseSchema, { report: toReportMessage(models.report(model, version)) }),
      ),
      ListHistory: unary(({ model, version, limit }: ListHistoryRequest) => {
        const windows = models.windows(model, version, limit === 0 ? historyDefault : limit);
        return create(ListHistoryResponseSchema, { windows: windows.map(toWindowMessage) });
      }),
      WatchReports: (call: grpc.ServerWritableStream<WatchReportsRequest, unknown>) =>
        watchReports(models, call, stop),
      ListTraces: unary((request: ListTracesRequest) => traces.listTraces(request)),
      GetTrace: unary((request: GetTraceRequest) => traces.getTrace(request)),
    },
  };
}

function listReports(models: WatchedModels, { model }: ListReportsRequest) {
  const reports = models.reports(model === "" ? undefined : model).map(toReportMessage);
  return create(ListReportsResponseSchema, { reports, problem: models.problem });
}

/**
 * Tells of windows until the caller goes, or does not read what it is told. Its place is free when
 * the call is over: what was not read is held until then.
 */
function watchReports(
  models: WatchedModels,
  call: grpc.ServerWritableStream<WatchReportsRequest, unknown>,
  stop: AbortSignal,
): void {
  let unread = 0;
  let isEnding = false;
  const end = () => {
    isEnding = true;
    call.end();
  };
  const fail = (failure: Failure) => {
    isEnding = true;
    call.emit("error", statusError(failure));
  };
  const tell = (report: ModelReport) => {
    if (isEnding || !["", report.model].includes(call.request.model)) return;
    if (unread >= unreadMax) {
      fail(new Failure("resource-exhausted", `${unreadMax} reports were not read`));
      return;
    }
    unread += 1;
    const message = create(WatchReportsResponseSchema, { report: toReportMessage(report) });
    call.write(message, () => {
      unread -= 1;
    });
  };
  let unsubscribe: () => void;
  try {
    unsubscribe = models.onWindow(tell);
  } catch (error) {
    fail(Failure.from(error));
    return;
  }
  const release = () => {
    unsubscribe();
    stop.removeEventListener("abort", end);
  };
  call.on("finish", release);
  call.on("cancelled", () => {
    release();
    end();
  });
  stop.addEventListener("abort", end);
  if (stop.aborted) end();
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
