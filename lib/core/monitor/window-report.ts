import type { FeatureHistogram, PreparedFeature } from "../drift/comparison.ts";
import { adjustPValues } from "../drift/false-discoveries.ts";
import {
  type FeatureReport,
  judgeFeature,
  type Thresholds,
  type Verdict,
  worstVerdict,
} from "../drift/verdict.ts";
import type { PastHour, Period } from "./hour-archive.ts";
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
  /** The hour it is compared with, where that is what the model's settings want. */
  readonly period?: WindowPeriod | undefined;
};

export type WindowPeriod = Period & {
  /** It had values enough for a verdict on a feature or output; the others are compared as ever. */
  readonly isUsed: boolean;
};

export type WindowOptions = {
  readonly windowMs: number;
  readonly thresholds: Thresholds;
  readonly provisional: boolean;
  /** What it is compared with as far as there are values enough. */
  readonly past?: PastHour | undefined;
};

/** What is told of a window comes from this. */
export type CountedWindow = Pick<Pane, "startMs" | "rows" | "isRevised" | "histogram">;

/** Compares what a pane holds with the reference it was counted by. */
export function reportWindow(
  pane: CountedWindow,
  reference: Reference | undefined,
  options: WindowOptions,
): WindowReport {
  const { past } = options;
  const judged = (["feature", "output"] as const).map((kind) => {
    const prepared = kind === "feature" ? reference?.features : reference?.outputs;
    const earlier = kind === "feature" ? past?.features : past?.outputs;
    return (prepared ?? []).flatMap((feature, place) => {
      const live = pane.histogram(kind, place);
      return live === undefined ? [] : [judge({ feature, past: earlier?.[place] }, live, options)];
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
    ...(past === undefined ? {} : { period: periodOf(past, judged.flat()) }),
  };
}

type Sides = { readonly feature: PreparedFeature; readonly past: PreparedFeature | undefined };

/** Against the past where that gives a verdict, else against the baseline. */
function judge(
  { feature, past }: Sides,
  live: FeatureHistogram,
  { thresholds }: WindowOptions,
): FeatureReport {
  const report = past === undefined ? undefined : judgeFeature(past, live, thresholds);
  return report === undefined || report.verdict === "insufficient"
    ? judgeFeature(feature, live, thresholds)
    : { ...report, isOfPeriod: true };
}

function periodOf(
  { startMs, endMs, rows, problem }: PastHour,
  judged: readonly FeatureReport[],
): WindowPeriod {
  const isUsed = judged.some(({ isOfPeriod }) => isOfPeriod === true);
  return { startMs, endMs, rows, problem, isUsed };
}

/** Adjusts the p-values of some reports for all there are. */
function adjuster(all: readonly FeatureReport[]) {
  const tested = all.filter(({ pValue }) => pValue !== undefined);
  const adjusted = adjustPValues(tested.map(({ pValue }) => pValue ?? 1));
  const adjustedOf = new Map(tested.map((report, place) => [report, adjusted[place]]));
  return (reports: readonly FeatureReport[]): FeatureReport[] =>
    reports.map((report) => ({ ...report, pAdjusted: adjustedOf.get(report) }));
}
