import type { Baseline, FeatureBaseline } from "#core/drift/baseline.ts";
import type { ReducersByName } from "#core/model/settings.ts";
import type { ModelSpec } from "#core/model/spec.ts";
import {
  anyVocabularies,
  featureColumns,
  outputColumns,
  type PlannedColumn,
} from "#core/prediction/column-plan.ts";
import { sampleRows, withSampleShape } from "#core/prediction/sample-shape.ts";
import { quoteAll } from "#core/quote.ts";

export type Fit = {
  readonly baseline: Baseline;
  readonly spec: ModelSpec;
  /** Of model.onnx as it lies on disk. */
  readonly digest: string;
  readonly reducers: ReducersByName;
};

/**
 * What keeps a baseline from being the baseline of this model: another file, or features and
 * outputs of other names, types or data types. The model's own are those its events carry. None: it
 * fits.
 */
export function baselineProblems({ baseline, spec, digest, reducers }: Fit): string[] {
  const of = { rows: sampleRows, reducers };
  const features = featureColumns({
    ...of,
    vocabularies: anyVocabularies,
    features: spec.features,
    inputs: spec.inputs.map(withSampleShape),
  });
  const outputs = outputColumns({
    ...of,
    predictions: spec.predictions,
    outputs: spec.outputs.map(withSampleShape),
  });
  return [
    ...(baseline.digest === digest
      ? []
      : [`it is of another model.onnx (${shorten(baseline.digest)}, here ${shorten(digest)})`]),
    ...compareColumns("feature", baseline.features, features),
    ...compareColumns("output", baseline.outputs, outputs),
  ];
}

function compareColumns(
  what: string,
  baseline: readonly FeatureBaseline[],
  columns: readonly PlannedColumn[],
): string[] {
  const known = new Map(baseline.map((each) => [each.name, each]));
  const expected = new Set(columns.map(({ name }) => name));
  const missing = columns.filter(({ name }) => !known.has(name)).map(({ name }) => name);
  const foreign = baseline.filter(({ name }) => !expected.has(name)).map(({ name }) => name);
  const different = columns.flatMap(({ name, type, dtype }) => {
    const found = known.get(name);
    if (found === undefined || (found.type === type && found.dtype === dtype)) return [];
    return [`${what} ${name} is ${found.dtype} ${found.type}, the model's ${dtype} ${type}`];
  });
  return [
    ...(missing.length > 0 ? [`it lacks the ${what}s ${quoteAll(missing, 5)}`] : []),
    ...(foreign.length > 0 ? [`the model lacks the ${what}s ${quoteAll(foreign, 5)}`] : []),
    ...different.slice(0, 5),
  ];
}

function shorten(digest: string): string {
  return digest.slice(0, 12);
}
