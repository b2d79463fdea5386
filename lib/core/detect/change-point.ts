import type { Detector } from "./signal-watch.ts";

/** What is watched of a model version's predictions for changes of its level. */
export const signals = ["error", "latency", "score"] as const;
export type Signal = (typeof signals)[number];

/** The level of a signal changed. */
export type ChangePoint = {
  readonly signal: Signal;
  /** Of a score the output; of latency `run`, or `total` with the queue; of errors empty. */
  readonly name: string;
  readonly detector: Detector;
  /** The stream's time when it was found, milliseconds since 1970. */
  readonly timeMs: number;
  /** Of the message in which it was found. */
  readonly seq: number;
  /** Share of rows that failed, milliseconds of a request, or mean of the output. */
  readonly before: number;
  readonly after: number;
};
