import { adjustPValues } from "../drift/false-discoveries.ts";
import {
  type FeatureReport,
  judgeFeature,
  type Thresholds,
  type Verdict,
  worstVerdict,
} from "../drift/verdict.ts";
import type { Pane } from "./pane.ts";
import type { Reference } from "./reference.ts";
import type { Volume } from "./volume.ts";

/** One window of one model version. Times are milliseconds since 1970. */
export type WindowReport = {
  readonly startMs: number;
  readonly endMs: number;
  readonly rows: number;
  /** The worst of its features and outputs; insufficient where there is nothing to compare. */
  readonly verdict: Verdict;
  /** Still open: the numbers may change. */
  readonly provisional: boolean;
  /** Rows that came after the window had closed are included. */
  readonly revised: boolean;
  readonly features: readonly FeatureReport[];
  readonly outputs: readonly FeatureReport[];
  /** Undefined while the window is open, and while it is not known what is usual. */
  readonly volume?: Volume | undefined;
};

export type WindowOptions = {
  readonly windowMs: number;
  readonly thresholds: Thresholds;
  readonly provisional: boolean;
};

/** Compares what a pane holds with the reference it was counted by. */
export function reportWindow(
  pane: Pane,
  reference: Reference | undefined,
  options: WindowOptions,
): WindowReport {
  const judged = (["feature", "output"] as const).map((kind) => {
    const prepared = kind === "feature" ? reference?.features : reference?.outputs;
    return (prepared ?? []).flatMap((feature, place) => {
      const live = pane.histogram(kind, place);
      return live === undefined ? [] : [judgeFeature(feature, live, options.thresholds)];
    });
  });
  const [features = [], outputs = []] = judged.map(adjuster(judged.flat()));
  return {
    startMs: pane.startMs,
    endMs: pane.startMs + options.windowMs,
    rows: pane.rows,
    verdict: worstVerdict([...features, ...outputs].map(({ verdict }) => verdict)),
    provisional: options.provisional,
    revised: pane.isRevised,
    features,
    outputs,
  };
}

/** Adjusts the p-values of some reports for all there are. */
function adjuster(all: readonly FeatureReport[]) {
  const tested = all.filter(({ pValue }) => pValue !== undefined);
  const adjusted = adjustPValues(tested.map(({ pValue }) => pValue ?? 1));
  const adjustedOf = new Map(tested.map((report, place) => [report, adjusted[place]]));
  return (reports: readonly FeatureReport[]): FeatureReport[] =>
    reports.map((report) => ({ ...report, pAdjusted: adjustedOf.get(report) }));
}
