import type { ClosedBy } from "#core/batching/batcher.ts";
import type { Role } from "#core/prediction/event.ts";

/** The methods a request can come by. */
export type WorkMethod = "ModelInfer" | "Predict";

/** Where the worker's time went, in microseconds. */
export type WorkTimings = {
  readonly decodeUs: number;
  readonly queueUs: number;
  readonly runUs: number;
  readonly encodeUs: number;
};

/**
 * Where each id is in the `ids` of a request: those of the prediction and the trace have 16 bytes,
 * those of the spans 8. One small array costs a fourth of four.
 */
export const idPlaces = { prediction: 0, trace: 16, attemptSpan: 32, runSpan: 40, end: 48 };

/**
 * A request as its link brought it, without its payload: nothing in it is a view of the message it
 * came in.
 */
export type Arrival = {
  /** Its number on its link. */
  readonly id: number;
  readonly method: WorkMethod;
  readonly model: string;
  readonly version: number;
  /** Drawn by the gateway, kept or not; see `idPlaces`. */
  readonly ids: Uint8Array;
  /** Whether it has ids of a trace and its spans. */
  readonly hasTrace: boolean;
  /** W3C trace flags: bit 0 is "sampled". */
  readonly traceFlags: number;
  readonly attempt: number;
  readonly role: Role;
  /** 1 is the most urgent; 0 for the model's default. */
  readonly priority: number;
  /** Must share its batch with no other. */
  readonly alone: boolean;
  /** An item of a bulk stream, of which rows may fail one by one. */
  readonly isBulk: boolean;
  /** When the caller gives up, on the monotonic clock; Infinity for never. */
  readonly deadlineMs: number;
  /** Microseconds since 1970. */
  readonly arrivedUs: number;
};

/** A batch as replies and traces tell of it. */
export type BatchFacts = {
  /** 8 bytes, drawn when the batch closed. */
  readonly spanId: Uint8Array;
  readonly rows: number;
  readonly requests: number;
  readonly closedBy: ClosedBy;
  readonly startedUs: number;
  endedUs: number;
  /** True once its span has been recorded. */
  isTraced: boolean;
};

/** How a request ended. */
export type Outcome = {
  /** gRPC status code. */
  readonly status: number;
  readonly rows: number;
  /** What went wrong; undefined for a request that was answered. */
  readonly error: string | undefined;
  /** Microseconds since 1970. */
  readonly endedUs: number;
  readonly timings: WorkTimings;
  readonly batches: readonly BatchFacts[];
};

/** One of the ids of a request. */
export function idOf(ids: Uint8Array, place: Exclude<keyof typeof idPlaces, "end">): Uint8Array {
  const from = idPlaces[place];
  return ids.subarray(from, from + (place === "prediction" || place === "trace" ? 16 : 8));
}

/** Whether the caller's trace is recorded whatever becomes of the request. */
export function isSampled({ traceFlags }: Pick<Arrival, "traceFlags">): boolean {
  return (traceFlags & 1) !== 0;
}
