/**
 * A baseline from the files of a SageMaker Model Monitor baseline: distributions from
 * statistics.json, or those there are already, and constraints from constraints.json. Columns are
 * the model's by their names.
 */
import type { Baseline, FeatureBaseline } from "#core/drift/baseline.ts";
import type { Constraints } from "#core/drift/constraints.ts";
import type { SageMakerConstraints } from "#wire/sagemaker/constraints.ts";
import type { SageMakerStatistics } from "#wire/sagemaker/statistics.ts";
import { toConstraints } from "#wire/sagemaker/to-constraints.ts";
import { type FileColumn, titlesOf } from "../drift/column.ts";
import { findColumns, type WatchedVersion } from "../drift/model-columns.ts";
import { describeColumn, emptyFeature, isDescribed, isReduced } from "./describe-columns.ts";

export type ImportSources = {
  readonly statistics: SageMakerStatistics | undefined;
  readonly constraints: SageMakerConstraints | undefined;
  /** What constraints are added to where there are no statistics. */
  readonly before: BaselineParts | undefined;
};

/** What a baseline tells of data. */
export type BaselineParts = Omit<Baseline, "model" | "version" | "digest" | "createdAt">;

export type Imported = BaselineParts & {
  /** Of the model, that the files lack. */
  readonly missing: { readonly features: readonly string[]; readonly outputs: readonly string[] };
  /** Columns of the files that are not the model's. */
  readonly extra: readonly string[];
  /** Columns whose values are not compared, and why. */
  readonly leftOut: readonly LeftOut[];
  /** What of the constraints has no equal here. */
  readonly remarks: readonly Remark[];
};

export type LeftOut = { readonly name: string; readonly reason: string };

/** `names` are the columns it is about; none where it is about the file. */
export type Remark = { readonly text: string; readonly names: readonly string[] };

/** `sources` has a file at least. */
export function importBaseline(model: WatchedVersion, sources: ImportSources): Imported {
  const { statistics, constraints, before } = sources;
  const titles = new Set(
    [...(statistics?.columns ?? []), ...(constraints?.columns ?? [])].map(({ name }) => name),
  );
  const titleOf = new Map([...titles].map((title) => [titleAsInExamples(model, title), title]));
  const { features, outputs, missingFeatures, missingOutputs } = findColumns(model, [
    ...titleOf.keys(),
  ]);
  const named = (column: FileColumn): FileColumn => ({
    ...column,
    title: titleOf.get(column.title) ?? column.title,
  });
  const side = new ImportedSide(model, sources);
  const made = {
    features: side.make(features.map(named), before?.features ?? []),
    outputs: side.make(outputs.map(named), before?.outputs ?? []),
  };
  const used = new Set(
    [...features, ...outputs].flatMap(titlesOf).map((title) => titleOf.get(title) ?? title),
  );
  const unknown = (constraints?.unknown ?? []).map((key) => ({
    text: `unknown key ${key}`,
    names: [],
  }));
  return {
    ...(statistics === undefined ? before : undefined),
    rows: statistics?.rows ?? before?.rows ?? 0,
    ...made,
    missing: { features: missingFeatures, outputs: missingOutputs },
    extra: [...titles].filter((title) => !used.has(title)),
    leftOut: side.leftOut,
    remarks: [...[...side.remarks].map(([text, names]) => ({ text, names })), ...unknown],
  };
}

/** Features or outputs, and what there is to say of them. */
class ImportedSide {
  readonly leftOut: LeftOut[] = [];
  readonly remarks = new Map<string, string[]>();
  readonly #model: WatchedVersion;
  readonly #sources: ImportSources;

  constructor(model: WatchedVersion, sources: ImportSources) {
    this.#model = model;
    this.#sources = sources;
  }

  /** Without statistics what was there `before` stays, with other constraints. */
  make(columns: readonly FileColumn[], before: readonly FeatureBaseline[]): FeatureBaseline[] {
    const known = this.#sources.statistics === undefined ? before : [];
    const features = new Map(known.map((feature) => [feature.name, feature]));
    for (const column of columns) {
      const distribution = features.get(column.name) ?? this.#describe(column);
      const constraints = this.#declaredOf(column);
      if (distribution === undefined && constraints === undefined) continue;
      const { constraints: _, ...plain } = distribution ?? emptyFeature(column);
      features.set(column.name, constraints === undefined ? plain : { ...plain, constraints });
    }
    return [...features.values()];
  }

  #describe(column: FileColumn): FeatureBaseline | undefined {
    const { statistics } = this.#sources;
    const { name, title } = column;
    const found = statistics?.columns.find((each) => each.name === title);
    const where = statistics === undefined ? "baseline.json" : "statistics.json";
    const labels = this.#model.outputs.find((output) => output.name === name)?.labels ?? [];
    const described = isReduced(column)
      ? { reason: "it is made from whole rows, of which nothing is told" }
      : found === undefined
        ? { reason: `${where} does not have it` }
        : describeColumn(column, found, labels);
    if (isDescribed(described)) return described;
    this.leftOut.push({ name, reason: described.reason });
    return undefined;
  }

  #declaredOf(column: FileColumn): Constraints | undefined {
    const { name, title, type, dtype } = column;
    // What is declared of texts or parts says nothing of what is made from them.
    if (isReduced(column)) return undefined;
    const found = this.#sources.constraints?.columns.find((each) => each.name === title);
    if (found === undefined) return undefined;
    const { constraints, remarks } = toConstraints(found, { type, dtype });
    for (const remark of remarks) {
      this.remarks.set(remark, [...(this.remarks.get(remark) ?? []), name]);
    }
    return Object.keys(constraints).length === 0 ? undefined : constraints;
  }
}

/** Outputs go by their own names in these files. */
function titleAsInExamples({ ref, features, outputs }: WatchedVersion, title: string): string {
  if (features.some(({ name }) => name === title)) return title;
  const isOutput = outputs.some(({ name }) => title === name || title.startsWith(`${name}.`));
  return isOutput ? `v${ref.version}.${title}` : title;
}
