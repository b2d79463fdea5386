import { readFile } from "node:fs/promises";
import type { Baseline } from "#core/drift/baseline.ts";
import { Failure, messageOf } from "#core/failure.ts";
import { modelPaths } from "#platform/model-repository.ts";
import { baselineMismatch, parseBaseline } from "#wire/baseline.ts";
import { parseSageMakerConstraints } from "#wire/sagemaker/constraints.ts";
import { parseSageMakerStatistics } from "#wire/sagemaker/statistics.ts";
import type { WatchedVersion } from "../drift/model-columns.ts";
import { type Imported, type ImportSources, importBaseline } from "./import-baseline.ts";
import { readSageMakerFiles, type SageMakerPaths } from "./read-files.ts";

export type ImportFiles = {
  readonly paths: SageMakerPaths;
  /** The model repository. */
  readonly root: string;
  /** What constraints are added to; undefined: to the baseline.json that there is. */
  readonly rows: ImportSources["before"];
};

/** Reads SageMaker's files and makes a baseline of them. Throws a Failure where it cannot. */
export async function importFiles(model: WatchedVersion, of: ImportFiles): Promise<Imported> {
  const texts = await readSageMakerFiles(of.paths);
  const { statistics, constraints } = texts;
  const imported = importBaseline(model, {
    statistics: statistics === undefined ? undefined : parseSageMakerStatistics(statistics),
    constraints: constraints === undefined ? undefined : parseSageMakerConstraints(constraints),
    before:
      of.rows ?? (statistics === undefined ? await readBaselineOf(model, of.root) : undefined),
  });
  if (imported.features.length > 0) return imported;
  const reasons = imported.leftOut.map(({ name, reason }) => `${name}: ${reason}`);
  const problem =
    reasons.length > 0
      ? `nothing can be made of the files: ${reasons.slice(0, 8).join("; ")}`
      : `the files have none of the features of ${model.ref.model}`;
  throw new Failure("invalid-argument", problem);
}

/** Undefined where there is none. */
async function readBaselineOf(model: WatchedVersion, root: string): Promise<Baseline | undefined> {
  const path = modelPaths(root, model.ref).baseline;
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new Failure("failed-precondition", `${path}: ${messageOf(error)}`, { cause: error });
  }
  const baseline = parseBaseline(text);
  const mismatch =
    baselineMismatch(baseline, model.ref) ??
    (baseline.digest === model.digest ? undefined : `${path} is of another model.onnx`);
  if (mismatch === undefined) return baseline;
  throw new Failure("failed-precondition", `${mismatch}: give --from or --statistics as well`);
}
