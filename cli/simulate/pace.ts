/**
 * How a run is spread over time: rows at a steady rate, sent together where single ones would be
 * many.
 */
export type Pace = {
  readonly rowsPerSecond: number;
  readonly rowsTotal: number;
};

/** Twenty requests a second cost little on either side and keep the rate steady enough. */
const requestGapMs = 50;
const requestRowsMax = 256;
/** A server that is slower than the rate gets this much longer; what is left then is not sent. */
const overtimeMs = 2_000;

export type Step =
  | { readonly kind: "send"; readonly rows: number }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "end" };

export type PaceState = {
  readonly rowsSent: number;
  /** Since the start of the run. */
  readonly elapsedMs: number;
  /**
   * When the last request was sent, since the start of the run; negative infinity before the first
   * one.
   */
  readonly lastMs: number;
};

/**
 * What to do now. Row n is due at n / rate, so that a late request sends what has become due
 * meanwhile.
 */
export function nextStep(pace: Pace, { rowsSent, elapsedMs, lastMs }: PaceState): Step {
  const { rowsPerSecond, rowsTotal } = pace;
  if (rowsSent >= rowsTotal || elapsedMs > durationMs(pace) + overtimeMs) return { kind: "end" };
  const earliestMs = Math.max(lastMs + requestGapMs, (rowsSent / rowsPerSecond) * 1000);
  if (elapsedMs < earliestMs) return { kind: "wait", ms: Math.ceil(earliestMs - elapsedMs) };
  const due = Math.floor((elapsedMs / 1000) * rowsPerSecond) + 1;
  const rows = Math.min(due, rowsTotal) - rowsSent;
  return { kind: "send", rows: Math.min(Math.max(1, rows), requestRowsMax) };
}

/** From the first row to the end of the last one's share of the time. */
export function durationMs({ rowsPerSecond, rowsTotal }: Pace): number {
  return (rowsTotal / rowsPerSecond) * 1000;
}

/** Rows a second that one caller can send at most. */
export const rowsPerSecondMax: number = (1000 / requestGapMs) * requestRowsMax;
