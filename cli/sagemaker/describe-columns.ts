import {
  type Baseline,
  categoryOther,
  describeCategory,
  describeCounts,
  describeNumber,
  type FeatureBaseline,
} from "#core/drift/baseline.ts";
import { describeWeighted } from "#core/drift/describe-weighted.ts";
import type { ColumnStatistics } from "#wire/sagemaker/statistics.ts";
import type { FileColumn } from "../drift/column.ts";

/** The distribution of a column, or why there is none. */
export type Described = FeatureBaseline | { readonly reason: string };

/** Fine bins are narrower than what one value of a coarse sketch stands for. */
const sharesMin = 64;

/**
 * What the statistics of a SageMaker baseline tell of a feature or output. `labels` are the classes
 * that numbers may be the names of; without any, all are.
 */
export function describeColumn(
  column: FileColumn,
  statistics: ColumnStatistics,
  labels: readonly string[],
): Described {
  if (statistics.kind === "unknown") return { reason: "there are no statistics of it" };
  if (column.type === "category") {
    return statistics.kind === "text"
      ? describeTexts(column, statistics)
      : describeNumbers(column, statistics, labels);
  }
  if (statistics.kind === "text") {
    return { reason: "its statistics are those of texts, and the model takes numbers" };
  }
  const { missing: nulls, sketch, moments, present } = statistics;
  const { name, dtype } = column;
  if (sketch === undefined && present > 0) {
    return { reason: "it has no sketch, and of fixed buckets no quantiles can be made" };
  }
  const { values, weights } = sketch ?? { values: new Float64Array(), weights: new Float64Array() };
  const heaviest = weights.reduce((most, weight) => Math.max(most, weight), 0);
  if (heaviest > 1 && heaviest * sharesMin > present) {
    return { reason: `its sketch is too coarse: one value stands for ${heaviest} of ${present}` };
  }
  const described = describeWeighted({ name, dtype, nulls, values, weights, moments });
  return described.sums64.every(Number.isFinite)
    ? described
    : { reason: "the sum of its values is beyond a double" };
}

/** Whether it is made from what the file has, and not that itself. */
export function isReduced(column: FileColumn): boolean {
  return column.type === "number" && column.reduced !== undefined;
}

/** Without values: what is declared of it can be checked all the same. */
export function emptyFeature({ name, ...column }: FileColumn): FeatureBaseline {
  return column.type === "number"
    ? describeNumber({ name, dtype: column.dtype, values: [] })
    : describeCategory({ name, dtype: column.dtype, values: [] });
}

type Of<Kind> = Extract<ColumnStatistics, { readonly kind: Kind }>;

/** The file has the most frequent values; the others are the rest. */
function describeTexts({ name, dtype }: FileColumn, statistics: Of<"text">): Described {
  const { values, present, missing } = statistics;
  if (values === undefined && present > 0) return { reason: "its values are not told" };
  const counts = new Map((values ?? []).map(({ value, count }) => [value, count]));
  const rest = present - [...counts.values()].reduce((sum, count) => sum + count, 0);
  const described = describeCounts({ name, dtype, nulls: missing, counts });
  if (rest === 0) return described;
  const named = described.categories.filter(({ value }) => value !== categoryOther);
  const other = described.categories.find(({ value }) => value === categoryOther)?.count ?? 0;
  return { ...described, categories: [...named, { value: categoryOther, count: other + rest }] };
}

/** Categories that the model takes as numbers: each value has to be there. */
function describeNumbers(
  { name, dtype }: FileColumn,
  { sketch, missing, present }: Of<"number">,
  labels: readonly string[],
): Described {
  if (sketch === undefined && present > 0) return { reason: "its values are not told" };
  const { values, weights } = sketch ?? { values: [], weights: [] };
  if (weights.some((weight) => weight > 1)) {
    return { reason: "its sketch does not hold all values, and rare categories may be missing" };
  }
  const counts = new Map<string, number>();
  for (const value of values) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
  const foreign =
    labels.length === 0 ? [] : [...counts.keys()].filter((each) => !labels.includes(each));
  if (foreign.length > 0)
    return { reason: "its values are numbers, and the model's classes have names" };
  return describeCounts({ name, dtype, nulls: missing, counts });
}

/** Whether there is a distribution. */
export function isDescribed(described: Described): described is Baseline["features"][number] {
  return !("reason" in described);
}
