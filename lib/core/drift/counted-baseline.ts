import type { FeatureBaseline } from "./baseline.ts";
import type { FeatureHistogram, PreparedFeature } from "./comparison.ts";

/**
 * The feature with what a histogram of it has counted in place of what its baseline has. The bins
 * stay as they are, and so do the standard deviation and the range: they are the unit and the scale
 * by which either side is measured.
 */
export function countedBaseline(
  feature: PreparedFeature,
  counted: FeatureHistogram,
): PreparedFeature {
  return {
    ...feature,
    baseline: describe(feature.baseline, counted),
    counts: counted.coarse(),
    fine: counted.type === "number" ? counted.fine() : undefined,
    // One more than there were, as the baseline has one of which it has seen none.
    outsideBefore: counted.type === "number" ? counted.outside + 1 : 0,
    // What is not named has been counted, but not how often each of it came.
    frequencies: undefined,
    unseenBefore: counted.quality.unseen + 1,
  };
}

function describe(baseline: FeatureBaseline, counted: FeatureHistogram): FeatureBaseline {
  const { nulls, nans, posInf, negInf } = counted.quality;
  if (baseline.type === "category") return { ...baseline, nulls };
  const { moments } = baseline;
  const mean = counted.type === "number" ? counted.mean : undefined;
  return {
    ...{ ...baseline, nulls, nans, posInf, negInf },
    moments: moments === undefined || mean === undefined ? moments : { ...moments, mean },
  };
}
