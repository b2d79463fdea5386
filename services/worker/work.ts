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

/** Ids drawn by the gateway, kept or not: 16 bytes for the trace and 8 for each span. */
export type WorkTrace = {
  readonly traceId: Uint8Array;
  readonly attemptSpanId: Uint8Array;
  readonly runSpanId: Uint8Array;
  /** W3C trace flags: bit 0 is "sampled". */
  readonly flags: number;
};

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
  /** 16 bytes. */
  readonly predictionId: Uint8Array;
  readonly attempt: number;
  readonly role: Role;
  /** Must share its batch with no other. */
  readonly alone: boolean;
  /** When the caller gives up, on the monotonic clock; Infinity for never. */
  readonly deadlineMs: number;
  readonly trace: WorkTrace | undefined;
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
