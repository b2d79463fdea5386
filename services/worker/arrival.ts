import type { Role } from "#core/prediction/event.ts";
import { Method, Role as RoleNumber } from "#gen/sluice/link/v1/link_pb.ts";
import type { RequestBegin, TraceIds } from "#wire/request-begin.ts";
import type { Arrival, WorkTrace } from "./work.ts";

export type ArrivalTimes = {
  readonly arrivedUs: number;
  /** The same moment on the monotonic clock. */
  readonly arrivedMs: number;
};

/** What a RequestBegin says. Ids are copied, so that the message that brought them can go. */
export function toArrival(begin: RequestBegin, times: ArrivalTimes): Arrival {
  const { id, model, version, attempt, alone, deadlineMs } = begin;
  const { arrivedUs, arrivedMs } = times;
  return {
    ...{ id, model, version, attempt, alone, arrivedUs },
    method: begin.method === Method.PREDICT ? "Predict" : "ModelInfer",
    predictionId: fixed(begin.predictionId, 16),
    role: toRole(begin.role),
    deadlineMs: deadlineMs === 0 ? Number.POSITIVE_INFINITY : arrivedMs + deadlineMs,
    trace: toTrace(begin.trace),
  };
}

function toRole(role: number): Role {
  if (role === RoleNumber.SHADOW) return "shadow";
  return role === RoleNumber.HEDGE ? "hedge" : "primary";
}

function toTrace(trace: TraceIds | undefined): WorkTrace | undefined {
  if (trace === undefined) return undefined;
  return {
    traceId: fixed(trace.traceId, 16),
    attemptSpanId: fixed(trace.attemptSpanId, 8),
    runSpanId: fixed(trace.runSpanId, 8),
    flags: trace.flags,
  };
}

/** Exactly `length` bytes, whatever came. */
function fixed(bytes: Uint8Array, length: number): Uint8Array {
  const copy = new Uint8Array(length);
  copy.set(bytes.subarray(0, length));
  return copy;
}
