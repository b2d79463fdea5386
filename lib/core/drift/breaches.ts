// Constraints that a window's values do not keep. They are counted exactly, one by one, and nothing
// here depends on a baseline or on chance: a value that is not allowed is a fact.
import type { FeatureHistogram } from "./comparison.ts";
import type { Constraints } from "./constraints.ts";
import type { Finding, QualityCheck } from "./findings.ts";

/** What a window breaks of the constraints of its feature; `rows` are all its values. */
export function findBreaches(
  constraints: Constraints,
  live: FeatureHistogram,
  rows: number,
): Finding[] {
  const { nulls, nans, typeErrors } = live.quality;
  const { completeness, required = false, limits, domain, type, integral = false } = constraints;
  const breach = (check: QualityCheck, wrong: number, least = 1): Finding[] => {
    // The other way round, 1 - 0.9 would allow less than a tenth.
    if (wrong === 0 || (rows - wrong) / rows >= least) return [];
    return [{ check, rows: wrong, share: wrong / rows, shareBaseline: 0, pValue: 0, least }];
  };
  const isTyped = integral || type !== undefined;
  const fractions = live.type === "number" ? live.fractions : 0;
  return [
    ...(completeness !== undefined
      ? breach("absent", nulls + nans, completeness)
      : breach("absent", required ? nulls : 0)),
    ...(live.type === "number" ? breach("limit", live.beyond, limits) : []),
    ...(live.type === "category" ? breach("domain", live.strays, domain) : []),
    ...(isTyped ? breach("type", typeErrors + fractions, type) : []),
  ];
}
