import { calm, observe, type PersistenceState, step } from "../drift/persistence.ts";
import type { FeatureReport } from "../drift/verdict.ts";
import type { WindowReport } from "../monitor/window-report.ts";
import type { ColumnKind } from "../prediction/value-column.ts";
import type { Alert, AlertCause, AlertChange, AlertEvidence } from "./alert.ts";

/** What a closed window was about, beside its numbers. */
export type WindowContext = Pick<AlertEvidence, "traceIds" | "messages" | "digest" | "baseline">;

/**
 * The alerts of one model version: what its closed windows have said so far of every feature and
 * output, by `drift/persistence.ts`. It keeps those that are not calm and hands out the changes
 * that concern a raised alert; that one is pending is nobody's business yet.
 */
export class AlertBook {
  readonly #version: number;
  readonly #alerts = new Map<string, Alert>();
  #changes: AlertChange[] = [];

  constructor(version: number, alerts: readonly Alert[] = []) {
    this.#version = version;
    for (const alert of alerts) this.#alerts.set(keyOf(alert.side, alert.feature), alert);
  }

  /** Those that are not calm. */
  get alerts(): readonly Alert[] {
    return [...this.#alerts.values()];
  }

  /** What has changed since this was last asked, oldest first. */
  takeChanges(): readonly AlertChange[] {
    if (this.#changes.length === 0) return none;
    const changes = this.#changes;
    this.#changes = [];
    return changes;
  }

  /** Takes a window into account. Windows come once each, when they close, oldest first. */
  observe(window: WindowReport, context: WindowContext): void {
    for (const report of window.features) this.#observe("feature", report, { window, context });
    for (const report of window.outputs) this.#observe("output", report, { window, context });
  }

  /** Ends what has not been heard of in a window that ended after `sinceMs`. */
  expire(sinceMs: number): void {
    for (const alert of this.#alerts.values()) {
      if (alert.evidence.endMs < sinceMs) this.#end(alert, "silence");
    }
  }

  /** Ends everything. */
  reset(cause: AlertCause): void {
    for (const alert of this.#alerts.values()) this.#end(alert, cause);
  }

  #observe(side: ColumnKind, report: FeatureReport, of: Observed): void {
    const [deciding] = report.statistics;
    if (deciding === undefined) return;
    const key = keyOf(side, report.name);
    const known = this.#alerts.get(key);
    const before = known?.state ?? calm;
    const observation = observe(deciding);
    // A window that is no evidence changes nothing, and most features are calm and stay so.
    if (observation === "insufficient") return;
    if (known === undefined && observation !== "above") return;
    const { state, transition } = step(before, observation);
    const { startMs, endMs } = of.window;
    const { value, threshold, floor } = deciding;
    const rows = report.rowsCurrent;
    // A window with few requests may have none that was sampled; an earlier one shows as much.
    const traces = of.context.traceIds.length > 0 ? of.context : known?.evidence;
    const traceIds = traces?.traceIds ?? [];
    const evidence = { value, threshold, floor, startMs, endMs, rows, ...of.context, traceIds };
    const subject = { side, feature: report.name, statistic: deciding.id };
    if (transition !== undefined) {
      this.#change({ ...subject, ...transition, cause: "window", evidence });
    }
    this.#keep(key, {
      ...subject,
      state,
      ...(known !== undefined && transition === undefined
        ? { sinceMs: known.sinceMs, sinceSeq: known.sinceSeq }
        : { sinceMs: endMs, sinceSeq: evidence.messages.firstSeq }),
      evidence,
    });
  }

  #keep(key: string, alert: Alert): void {
    if (alert.state.kind === "ok") this.#alerts.delete(key);
    else this.#alerts.set(key, alert);
  }

  #end({ state, sinceMs: _, sinceSeq: _seq, ...alert }: Alert, cause: AlertCause): void {
    this.#alerts.delete(keyOf(alert.side, alert.feature));
    this.#change({ ...alert, from: state.kind, to: calm.kind, cause });
  }

  #change(change: Omit<AlertChange, "version">): void {
    if (!isRaised(change.from) && !isRaised(change.to)) return;
    this.#changes.push({ version: this.#version, ...change });
  }
}

type Observed = { readonly window: WindowReport; readonly context: WindowContext };

const none: readonly AlertChange[] = [];

/** Whether an alert has been raised and has not ended yet. */
function isRaised(state: PersistenceState["kind"]): boolean {
  return state === "firing" || state === "clearing";
}

function keyOf(side: ColumnKind, feature: string): string {
  return `${side} ${feature}`;
}
