import type { Baseline } from "../drift/baseline.ts";
import { type PreparedFeature, prepareFeature } from "../drift/comparison.ts";
import { noSchema, type Schema } from "../drift/constraints.ts";
import type { Calibration } from "../performance/calibration.ts";
import type { ColumnKind } from "../prediction/value-column.ts";

/** What the live values of a model version are compared with. */
export type Reference = {
  /**
   * Names the bins: equal fingerprints mean that what was counted by one can go on with the other.
   */
  readonly fingerprint: string;
  /** Of the model file the baseline was made with. */
  readonly digest: string;
  readonly rows: number;
  readonly features: readonly PreparedFeature[];
  readonly outputs: readonly PreparedFeature[];
  /** Of its scores; undefined where they are taken as they are. */
  readonly calibration: Calibration | undefined;
  /** Where a column's feature or output is in its list. */
  readonly placeOf: (kind: ColumnKind, name: string) => number | undefined;
};

/** A model version's reference, or why it has none. */
export type Definition =
  | { readonly kind: "reference"; readonly reference: Reference }
  | { readonly kind: "problem"; readonly problem: string };

/**
 * Makes a baseline ready to count by. `fingerprint` stands for the text of its file, and for what
 * of the schema brings cells.
 */
export function prepareReference(
  baseline: Baseline,
  fingerprint: string,
  schema: Schema = noSchema,
  options: { readonly tellsUnseen?: boolean } = {},
): Reference {
  const features = baseline.features.map((feature) =>
    prepareFeature(feature, { ...options, declared: schema.get(feature.name) }),
  );
  const outputs = baseline.outputs.map((output) => prepareFeature(output, options));
  const places = { feature: placesOf(features), output: placesOf(outputs) };
  return {
    fingerprint,
    digest: baseline.digest,
    rows: baseline.rows,
    features,
    outputs,
    calibration: baseline.calibration,
    placeOf: (kind, name) => places[kind].get(name),
  };
}

/** Undefined where there is none. */
export function referenceOf(definition: Definition | undefined): Reference | undefined {
  return definition?.kind === "reference" ? definition.reference : undefined;
}

function placesOf(features: readonly PreparedFeature[]): ReadonlyMap<string, number> {
  return new Map(features.map(({ baseline }, place) => [baseline.name, place]));
}
