import type { WindowReport } from "../monitor/window-report.ts";
import { metricList } from "../performance/metric-list.ts";
import type { PerformanceSummary } from "../performance/performance-report.ts";
import type { Alert } from "./alert.ts";
import type { MetricLimit, RetrainRequest, RetrainSettings } from "./retrain.ts";

/** What is known of a version when one of its windows has closed. */
export type RetrainView = {
  readonly version: number;
  readonly digest: string;
  readonly alerts: readonly Alert[];
  /** Closed windows, newest first; at least one. */
  readonly windows: readonly WindowReport[];
  readonly performance: PerformanceSummary | undefined;
};

export type RetrainState = {
  /** The latest request. */
  readonly timeMs: number;
  readonly version: number;
  readonly digest: string;
  readonly isOpen: boolean;
};

/**
 * Decides when a model should be trained again: where the drift of an output has lasted, or live
 * performance is worse than its limit, and there are rows enough to learn from. There is one
 * request at a time and none during the cooldown. A request is over when another model is seen in
 * place of the one it was about (a later version, or the same version with another digest), or at
 * its timeout. Time is the stream's.
 */
export class RetrainGate {
  readonly #settings: RetrainSettings;
  #latest: RetrainState | undefined;

  constructor(settings: RetrainSettings, state?: RetrainState) {
    this.#settings = settings;
    this.#latest = state;
  }

  /** The request that has not been answered yet, if there is one. */
  get open(): RetrainState | undefined {
    return this.#latest?.isOpen === true ? this.#latest : undefined;
  }

  state(): RetrainState | undefined {
    return this.#latest;
  }

  /** Predictions of this model have come. */
  saw(version: number, digest: string): void {
    const { open } = this;
    if (open === undefined || version < open.version) return;
    if (version > open.version || digest !== open.digest) {
      this.#latest = { ...open, isOpen: false };
    }
  }

  /** Takes the request for made that it gives back; undefined where there is none. */
  consider(view: RetrainView): RetrainRequest | undefined {
    const timeMs = view.windows[0]?.endMs;
    if (timeMs === undefined || this.#isWaiting(timeMs)) return undefined;
    const request = this.#byDrift(view, timeMs) ?? this.#byPerformance(view, timeMs);
    if (request === undefined) return undefined;
    const { version, digest } = view;
    this.#latest = { timeMs, version, digest, isOpen: true };
    return request;
  }

  #isWaiting(nowMs: number): boolean {
    const latest = this.#latest;
    if (latest === undefined) return false;
    const { cooldownMs, timeoutMs } = this.#settings;
    const waitMs = latest.isOpen ? Math.max(cooldownMs, timeoutMs) : cooldownMs;
    return nowMs < latest.timeMs + waitMs;
  }

  #byDrift(view: RetrainView, timeMs: number): RetrainRequest | undefined {
    const { windows: needed, rowsMin } = this.#settings;
    if (needed === undefined) return undefined;
    for (const alert of view.alerts) {
      if (alert.side !== "output" || alert.state.kind !== "firing") continue;
      const lasted = view.windows.filter(({ endMs }) => endMs >= alert.sinceMs);
      const rows = lasted.reduce((sum, window) => sum + window.rows, 0);
      // The window that the alert began to fire with is the first.
      if (lasted.length < needed || rows < rowsMin) continue;
      const { side, feature, statistic, sinceMs, sinceSeq, evidence } = alert;
      const { value, threshold, floor, traceIds, messages } = evidence;
      return {
        ...{ version: view.version, digest: view.digest, timeMs, rows, endMs: timeMs },
        reason: {
          kind: "drift",
          side,
          feature,
          statistic,
          sinceMs,
          value,
          threshold,
          floor,
          traceIds,
        },
        startMs: lasted.at(-1)?.startMs ?? timeMs,
        // The stream may be another one than when the alert began to fire.
        messages: sinceSeq <= messages.lastSeq ? { ...messages, firstSeq: sinceSeq } : messages,
      };
    }
    return undefined;
  }

  #byPerformance(view: RetrainView, timeMs: number): RetrainRequest | undefined {
    const { metrics, rowsMin } = this.#settings;
    const { performance, version, digest } = view;
    if (metrics.length === 0 || performance === undefined) return undefined;
    // Labels come late: the newest window that has enough of them is the one to judge by.
    const window = performance.windows.find(({ labelled }) => labelled >= rowsMin);
    if (window?.startMs === undefined) return undefined;
    const values = new Map(metricList(window).map(({ id, value }) => [id, value]));
    for (const limit of metrics) {
      const value = values.get(limit.metric);
      if (value === undefined || Number.isNaN(value) || isWithin(value, limit)) continue;
      const { labelled, startMs, rows } = window;
      return {
        ...{ version, digest, timeMs, rows, startMs, endMs: startMs + performance.windowMs },
        reason: { kind: "performance", value, labelled, ...limit },
        messages: undefined,
      };
    }
    return undefined;
  }
}

function isWithin(value: number, { min, max }: MetricLimit): boolean {
  return (min === undefined || value >= min) && (max === undefined || value <= max);
}
