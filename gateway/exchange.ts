import type { Failure } from "#core/failure.ts";
import type { ModelRef } from "#core/model/name.ts";
import type { WorkerTimings } from "#core/timing/request-timing.ts";
import type { BatchInfo } from "#wire/reply-begin.ts";
import type { PredictionRequest } from "./request.ts";

export type ExchangeMethod = "ModelInfer" | "Predict";

/** The worker an attempt is with. */
export type AttemptWorker = {
  readonly instance: string;
  /** Nobody waits for the attempt any more. */
  cancel(attempt: Attempt): void;
  /** Its spans are wanted. */
  keep(predictionId: Uint8Array, reason: string): void;
};

/** One try of one worker. */
export type Attempt = {
  readonly exchange: Exchange;
  /** From 1. */
  readonly number: number;
  readonly worker: AttemptWorker;
  /** Run in a batch of its own, because it was in one that a worker did not survive. */
  readonly isAlone: boolean;
  readonly spanId: Uint8Array;
  readonly runSpanId: Uint8Array;
  /** Its number on the worker's link; 0 where it is not, or no longer, under way there. */
  linkId: number;
  /** When its first frame left, on the monotonic clock; undefined while it waits for that. */
  leftMs: number | undefined;
  /** Whether the worker has said that it is about to run it. */
  isStarted: boolean;
  endedMs: number | undefined;
  /** What became of it; undefined while it is under way, and where it succeeded. */
  failure: string | undefined;
};

/** What a worker answered. */
export type WorkerReply = {
  /** A gRPC status code; the payload is empty unless it is 0. */
  readonly status: number;
  readonly message: string;
  readonly payload: Uint8Array;
  readonly rows: number;
  /** Of a bulk item, how many of them have no prediction. */
  readonly rowsFailed: number;
  readonly timings: WorkerTimings | undefined;
  readonly batch: BatchInfo | undefined;
};

export type Outcome =
  | { readonly kind: "reply"; readonly reply: WorkerReply }
  | {
      readonly kind: "failure";
      readonly failure: Failure;
      readonly reply: WorkerReply | undefined;
    };

/** Whoever is to have the answer. */
export type ExchangeOwner = {
  /** Called exactly once. */
  ended(outcome: Outcome): void;
};

/** One prediction under way, from its admission to its answer. Times are of the monotonic clock. */
export type Exchange = {
  readonly request: PredictionRequest;
  readonly owner: ExchangeOwner;
  readonly method: ExchangeMethod;
  readonly ref: ModelRef;
  readonly deadlineMs: number;
  /** 1 is the most urgent; 0 for the model's default. */
  readonly priority: number;
  /** Waits for a worker until then at most, if it is not with one by then. */
  queueUntilMs: number;
  readonly payloadBytes: number;
  /** Given up once a frame has left, where the bytes are not kept for another try. */
  payload: Uint8Array;
  isRetained: boolean;
  /**
   * An item of a bulk stream, which holds its bytes and sees to how many there are at a time. Only
   * the rows that cannot be run are to fail.
   */
  readonly isBulk: boolean;
  /** It was being run by a worker that was lost. */
  isSuspect: boolean;
  /** Its level of priority in the queue of its version, and its places there and among all. */
  level: number;
  queuePlace: number;
  livePlace: number;
  isEnded: boolean;
  readonly attempts: Attempt[];
};

const nothing = new Uint8Array();

/** The attempt that is under way; undefined while the request waits for a worker. */
export function currentAttempt(exchange: Exchange): Attempt | undefined {
  const last = exchange.attempts.at(-1);
  return last?.endedMs === undefined ? last : undefined;
}

/** Called when the first frame of an attempt leaves. */
export function markLeft(attempt: Attempt, nowMs: number): void {
  attempt.leftMs = nowMs;
  if (!attempt.exchange.isRetained) attempt.exchange.payload = nothing;
}
