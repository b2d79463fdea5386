import type { FeatureBaseline } from "#core/drift/baseline.ts";
import { Failure } from "#core/failure.ts";
import { formatRef } from "#core/model/name.ts";
import type { FeatureType, OutputSpec } from "#core/model/spec.ts";
import type { EventColumn } from "#core/prediction/event.ts";
import type { PredictionLog } from "../prediction-log.ts";
import type { WatchedVersion } from "./model-columns.ts";
import type { TimeSpan } from "./period.ts";
import { ServedRows } from "./served-rows.ts";

export type DescribeOptions = {
  readonly model: WatchedVersion;
  readonly period: TimeSpan;
  readonly rowsMax: number;
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly onProgress: (share: number) => void;
};

export type DescribedPeriod = {
  readonly rows: number;
  /** Of the predictions; 1 for all of them. */
  readonly share: number;
  readonly features: readonly FeatureBaseline[];
  readonly outputs: readonly FeatureBaseline[];
  readonly missingFeatures: readonly string[];
  readonly missingOutputs: readonly string[];
  /** Rows of the period that another model file answered, by its digest. */
  readonly others: ReadonlyMap<string, number>;
  readonly unreadable: number;
};

/** 8 to 9 bytes each. */
const valuesMax = 2 ** 25;

/**
 * Describes the rows that a model version served within a period, as the monitor would count them:
 * those of the model file in the repository. Throws a Failure where there are none.
 */
export async function describePeriod(
  log: PredictionLog,
  options: DescribeOptions,
): Promise<DescribedPeriod> {
  const { model, period, rowsMax, seed, signal, onProgress } = options;
  const { ref, digest } = model;
  const typeOf = (column: WatchedColumn) => typeIn(model, column);
  const served = new ServedRows({ ...period, digest, rowsMax, valuesMax, seed, typeOf });
  const { unreadable } = await log.read({
    ...{ ref, period, signal },
    onEvent: (event, share) => {
      served.add(event);
      onProgress(share);
    },
  });
  const { rows, share, others } = served;
  if (rows === 0) throw nothing(model, others);
  const columns = served.describe();
  const order = new Map(model.features.map(({ name }, place) => [name, place]));
  const features = columns
    .flatMap(({ kind, feature }) => (kind === "feature" ? [feature] : []))
    .sort((one, other) => (order.get(one.name) ?? 0) - (order.get(other.name) ?? 0));
  const outputs = columns.flatMap(({ kind, feature }) => (kind === "output" ? [feature] : []));
  const isThere = (list: readonly FeatureBaseline[], isIt: (name: string) => boolean) =>
    list.some(({ name }) => isIt(name));
  return {
    ...{ rows, share, features, outputs, others, unreadable },
    missingFeatures: model.features
      .map(({ name }) => name)
      .filter((name) => !isThere(features, (each) => each === name)),
    missingOutputs: model.outputs
      .filter((output) => !isThere(outputs, (name) => isOf(output, name)))
      .map(({ name }) => name),
  };
}

type WatchedColumn = Pick<EventColumn, "kind" | "name" | "values">;

function typeIn({ features, outputs }: WatchedVersion, column: WatchedColumn): FeatureType {
  const { kind, name, values } = column;
  if (values.kind === "texts") return "category";
  if (kind === "feature") return features.find((each) => each.name === name)?.type ?? "number";
  return outputs.find((output) => isOf(output, name))?.role === "label" ? "category" : "number";
}

/** Whether a column is of this output: its own name, or that and one of a class or a summary. */
function isOf(output: Pick<OutputSpec, "name">, column: string): boolean {
  return column === output.name || column.startsWith(`${output.name}.`);
}

function nothing({ ref, digest }: WatchedVersion, others: ReadonlyMap<string, number>): Failure {
  const name = formatRef(ref);
  const [other] = others.keys();
  if (other === undefined) {
    return new Failure("not-found", `no row of ${name} was answered in the period`);
  }
  const files = `${shorten(other)}, while model.onnx is now ${shorten(digest)}`;
  const problem = `all rows of ${name} in the period are of another model file: ${files}`;
  return new Failure("failed-precondition", problem);
}

/** As much of a digest as tells it from others. */
function shorten(digest: string): string {
  return digest.slice(0, 12);
}
