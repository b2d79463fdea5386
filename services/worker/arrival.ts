import type { Role } from "#core/prediction/event.ts";
import { Method, Role as RoleNumber } from "#gen/sluice/link/v1/link_pb.ts";
import type { RequestBegin } from "#wire/request-begin.ts";
import { type Arrival, idPlaces } from "./work.ts";

export type ArrivalTimes = {
  readonly arrivedUs: number;
  /** The same moment on the monotonic clock. */
  readonly arrivedMs: number;
};

/** What a RequestBegin says. Ids are copied, so that the message that brought them can go. */
export function toArrival(begin: RequestBegin, times: ArrivalTimes): Arrival {
  const { trace, deadlineMs } = begin;
  const ids = new Uint8Array(idPlaces.end);
  copyId(ids, idPlaces.prediction, begin.predictionId, idPlaces.trace);
  if (trace !== undefined) {
    copyId(ids, idPlaces.trace, trace.traceId, idPlaces.attemptSpan);
    copyId(ids, idPlaces.attemptSpan, trace.attemptSpanId, idPlaces.runSpan);
    copyId(ids, idPlaces.runSpan, trace.runSpanId, idPlaces.end);
  }
  return {
    id: begin.id,
    method: begin.method === Method.PREDICT ? "Predict" : "ModelInfer",
    model: begin.model,
    version: begin.version,
    ids,
    hasTrace: trace !== undefined,
    traceFlags: trace?.flags ?? 0,
    attempt: begin.attempt,
    role: toRole(begin.role),
    priority: begin.priority,
    alone: begin.alone,
    isBulk: begin.bulk,
    deadlineMs: deadlineMs === 0 ? Number.POSITIVE_INFINITY : times.arrivedMs + deadlineMs,
    arrivedUs: times.arrivedUs,
  };
}

function toRole(role: number): Role {
  if (role === RoleNumber.SHADOW) return "shadow";
  return role === RoleNumber.HEDGE ? "hedge" : "primary";
}

/** From `at` to `end`, whatever length came. */
function copyId(ids: Uint8Array, at: number, id: Uint8Array, end: number): void {
  const length = Math.min(id.length, end - at);
  for (let index = 0; index < length; index += 1) ids[at + index] = id[index] as number;
}
