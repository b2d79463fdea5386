import { type Baseline, describeNumber, type NumberBaseline } from "#core/drift/baseline.ts";
import type { ColumnKind } from "#core/prediction/value-column.ts";
import { seededDraw } from "#core/random.ts";
import { midWidths } from "../support/models.ts";

const rows = 2000;

export const benchDigest: string = "b".repeat(64);

/** The features of `mid`, and what it answers, as events name them. */
export const columnsOfMid: readonly { readonly name: string; readonly kind: ColumnKind }[] = [
  ...columns("x", midWidths[0] ?? 0, "feature"),
  ...columns("y", midWidths.at(-1) ?? 0, "output"),
];

/** What the model was made from, had it been made from anything: numbers evenly drawn. */
export function benchBaseline(model: string): Baseline {
  const described = columnsOfMid.map(({ name, kind }, index) => ({
    kind,
    baseline: describeNumber({ name, dtype: "FP32", values: draws(index + 1) }),
  }));
  const of = (wanted: ColumnKind) =>
    described.filter(({ kind }) => kind === wanted).map(({ baseline }) => baseline);
  const createdAt = "2026-01-01T00:00:00.000Z";
  return {
    ...{ model, version: 1, digest: benchDigest, rows, createdAt },
    ...{ features: of("feature"), outputs: of("output") },
  };
}

/** A baseline as baseline.json holds it, for a model file of this digest. */
export function formatBaseline(baseline: Baseline, digest: string): string {
  const { features, outputs, ...rest } = baseline;
  return JSON.stringify({
    format: 1,
    ...rest,
    digest,
    features: features.map((one) => flat(one as NumberBaseline)),
    outputs: outputs.map((one) => flat(one as NumberBaseline)),
  });
}

function flat({ moments, ...rest }: NumberBaseline) {
  return { ...rest, ...moments };
}

function draws(seed: number): number[] {
  const draw = seededDraw(seed);
  return Array.from({ length: rows }, () => draw() * 2 - 1);
}

function columns(input: string, count: number, kind: ColumnKind) {
  return Array.from({ length: count }, (_, index) => ({ name: `${input}.${index}`, kind }));
}
