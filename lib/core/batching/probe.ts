import { messageOf } from "../failure.ts";
import type { BatchingDecision, FeatureSpec, TensorSpec } from "../model/spec.ts";
import { quote } from "../quote.ts";
import { type Draw, shuffledIndexes } from "../random.ts";
import { formatShape, sliceRows, stackRows, type Tensor } from "../tensor/tensor.ts";
import { findDifference } from "./probe-comparison.ts";
import { makeProbeRows, probeAttempts, probeRows } from "./probe-inputs.ts";

/**
 * Proves, as far as examples can, that rows do not influence one another, so that rows of different
 * callers may share a run:
 *
 * 1. The first dimension of every input and output must be one that varies.
 * 2. A few guesses at values the model takes are tried until one of them runs.
 * 3. Rows of very different scale are run alone, together, permuted and beside an outlier. A run
 *    must give as many rows as it got, and every row what it gave alone.
 *
 * The same runs warm the model up; one that is not batched is run once for that.
 */
export type ProbeSubject = {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly features: readonly FeatureSpec[];
  readonly rowsMax: number;
  /** Infinity takes the model file's word for it: rows are counted, but not compared. */
  readonly tolerance: number;
  readonly draw: Draw;
};

/** Runs the model once on all of its inputs; gives all of its outputs, in order. */
export type ProbeRun = (inputs: readonly Tensor[]) => Promise<readonly Tensor[]>;

/** Never fails: a model that does not run on any guess is not batched, and the reason says so. */
export async function probeBatching(
  subject: ProbeSubject,
  run: ProbeRun,
): Promise<BatchingDecision> {
  const obstacle = findObstacle(subject);
  if (obstacle !== undefined) {
    await findInputs(subject, run);
    return { enabled: false, reason: obstacle };
  }
  const found = await findInputs(subject, run);
  if (found.kind === "none") {
    if (subject.tolerance === Number.POSITIVE_INFINITY) return { enabled: true };
    return { enabled: false, reason: `no values for a probe are known: ${found.reason}` };
  }
  try {
    const reason = await compareRuns(subject, found, run);
    return reason === undefined ? { enabled: true } : { enabled: false, reason };
  } catch (error) {
    return { enabled: false, reason: `a run of the probe failed: ${messageOf(error)}` };
  }
}

function findObstacle({ inputs, outputs, rowsMax }: ProbeSubject): string | undefined {
  if (rowsMax <= 1) return "batching.rowsMax is 1";
  if (inputs.length === 0) return "the model has no inputs";
  for (const [side, values] of Object.entries({ input: inputs, output: outputs })) {
    const fixed = values.find((value) => value.shape[0] !== -1);
    if (fixed === undefined) continue;
    const name = `${side} ${quote(fixed.name)}`;
    if (fixed.shape.length === 0) return `${name} is a scalar`;
    return `the first dimension of ${name} does not vary: ${formatShape(fixed.shape)}`;
  }
  return undefined;
}

type FoundInputs =
  | {
      readonly kind: "found";
      readonly rows: readonly Tensor[];
      readonly outputs: readonly Tensor[];
    }
  | { readonly kind: "none"; readonly reason: string };

/** The first guess that runs, with the outlier among the rows. */
async function findInputs(subject: ProbeSubject, run: ProbeRun): Promise<FoundInputs> {
  let reason = "its inputs are too large";
  for (const attempt of probeAttempts(subject)) {
    const rows = makeProbeRows(subject, attempt, subject.draw);
    try {
      return { kind: "found", rows, outputs: await run(rows) };
    } catch (error) {
      reason = messageOf(error);
    }
  }
  return { kind: "none", reason };
}

async function compareRuns(
  subject: ProbeSubject,
  found: FoundInputs & { readonly kind: "found" },
  run: ProbeRun,
): Promise<string | undefined> {
  const { tolerance, draw } = subject;
  const miscount = countRows(found.outputs, probeRows + 1);
  if (miscount !== undefined || tolerance === Number.POSITIVE_INFINITY) return miscount;
  const singles = Array.from({ length: probeRows }, (_, row) => rowsOf(found.rows, [row]));
  if (singles.every((single) => isSame(single, singles[0]))) {
    return "it runs only on rows that are all the same, which prove nothing";
  }
  const alone: (readonly Tensor[])[] = [];
  for (const single of singles) {
    const outputs = await run(single);
    const wrong = countRows(outputs, 1);
    if (wrong !== undefined) return wrong;
    alone.push(outputs);
  }
  const inOrder = Array.from({ length: probeRows }, (_, row) => row);
  const besideOutlier = { together: found.outputs, order: inOrder };
  const difference = findDifference({ alone, tolerance, ...besideOutlier });
  if (difference !== undefined) return difference;
  for (const order of [inOrder, [...shuffledIndexes(probeRows, draw)]]) {
    const together = await run(rowsOf(found.rows, order));
    const reason =
      countRows(together, probeRows) ?? findDifference({ alone, together, order, tolerance });
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function countRows(outputs: readonly Tensor[], rows: number): string | undefined {
  const wrong = outputs.find((output) => output.shape[0] !== rows);
  if (wrong === undefined) return undefined;
  const shape = formatShape(wrong.shape);
  return `output ${quote(wrong.name)} has the shape ${shape} for ${rows} rows`;
}

function isSame(one: readonly Tensor[], other: readonly Tensor[] | undefined): boolean {
  return one.every(({ data }, at) =>
    data.every((value, index) => value === other?.[at]?.data[index]),
  );
}

function rowsOf(tensors: readonly Tensor[], rows: readonly number[]): Tensor[] {
  return tensors.map((tensor) => stackRows(rows.map((row) => sliceRows(tensor, row, row + 1))));
}
