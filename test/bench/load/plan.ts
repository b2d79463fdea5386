import type { HistogramState } from "../histogram.ts";

/** One kind of unary call, and the reply that is the only right one. */
export type LoadTarget = {
  /** `host:port` or `unix:/path`. */
  readonly address: string;
  /** `/package.Service/Method`. */
  readonly path: string;
  readonly message: Uint8Array;
  readonly expected: Uint8Array;
  /**
   * So many 32-bit floats at the end of a reply may differ in their last digits. Where there are
   * any, what is told of the batch may come before what is expected.
   */
  readonly floats: number;
  /** What comes before the floats may be anything: another server's names and ids are its own. */
  readonly isHeadFree?: boolean;
  /** 0 for none. */
  readonly deadlineMs: number;
};

/**
 * Closed: `inFlight` calls at a time, each followed by the next one, and for longer than was asked
 * where few are answered. Open: arrivals of a Poisson process, whether or not earlier calls have
 * been answered.
 */
export type LoadPace =
  | { readonly kind: "closed"; readonly inFlight: number }
  | { readonly kind: "open"; readonly perSecond: number; readonly seed: number };

export type LoadPlan = {
  /** Connections are shared out among them. */
  readonly targets: readonly LoadTarget[];
  readonly pace: LoadPace;
  readonly connections: number;
  readonly warmupMs: number;
  readonly measureMs: number;
  /**
   * For calls that take longer than the measurement: how long to wait for the last ones, which then
   * count as in an open loop.
   */
  readonly drainMs?: number;
};

/**
 * What was measured after the warm-up. In an open loop these are the calls due then, whenever they
 * were answered, and latencies count from when they were due.
 */
export type LoadResult = {
  readonly seconds: number;
  /** Answered with status 0 and the right reply, in time. */
  readonly ok: number;
  /** Answered with status 0 and another reply. */
  readonly wrong: number;
  /** Calls answered otherwise, by gRPC status; -1 for a broken stream or connection. */
  readonly failed: Readonly<Record<number, number>>;
  /** Calls that no answer came for. */
  readonly unanswered: number;
  /** Of the calls counted as ok. */
  readonly latencies: HistogramState;
  /** All answers of the run, those of the warm-up included. */
  readonly answered: number;
  /** CPU time of the load process, and how long the run took, as a whole. */
  readonly cpuSeconds: number;
  readonly ranSeconds: number;
};
