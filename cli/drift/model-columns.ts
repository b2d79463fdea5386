import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Schema, schemaOf } from "#core/drift/constraints.ts";
import type { Thresholds } from "#core/drift/verdict.ts";
import { Failure, messageOf } from "#core/failure.ts";
import { deriveFeatures } from "#core/model/features.ts";
import { formatRef, type ModelRef } from "#core/model/name.ts";
import { deriveOutputs } from "#core/model/outputs.ts";
import type { OutputSpec } from "#core/model/spec.ts";
import type { TaskSource } from "#core/performance/resolve-task.ts";
import { featureColumns } from "#core/prediction/column-plan.ts";
import type { ColumnHead } from "#core/prediction/value-column.ts";
import type { Dtype } from "#core/tensor/dtype.ts";
import { modelPaths, readModelSettings, scanRepository } from "#platform/model-repository.ts";
import { readModelFile } from "#wire/onnx/model-file.ts";
import type { ModelArgument } from "../model-argument.ts";
import type { FileColumn } from "./column.ts";

/** What a model version in the repository is watched by. */
export type WatchedVersion = {
  readonly ref: ModelRef;
  /** SHA-256 of model.onnx as it lies on disk, in hexadecimal. */
  readonly digest: string;
  readonly thresholds: Thresholds;
  readonly schema: Schema;
  /** What labels are compared with. */
  readonly performance: TaskSource;
  readonly features: readonly Pick<ColumnHead, "name" | "type" | "dtype">[];
  readonly outputs: readonly (OutputSpec & { readonly dtype: Dtype })[];
};

/** Columns of a file, and what of the model it lacks. */
export type ModelColumns = {
  readonly features: readonly FileColumn[];
  readonly outputs: readonly FileColumn[];
  readonly missingFeatures: readonly string[];
  readonly missingOutputs: readonly string[];
};

/** More than one, so that an axis of rows is told from others of length one. */
const rows = 2;

/** Reads what the files of a version say of it; nothing is loaded or run. Throws a Failure. */
export async function readWatchedVersion(
  root: string,
  { model, version }: ModelArgument,
): Promise<WatchedVersion> {
  const ref = { model, version: version ?? (await newestVersion(root, model)) };
  const settings = await readModelSettings(join(root, model));
  const bytes = await readModel(modelPaths(root, ref).onnx);
  const file = readModelFile(bytes);
  const inputs = file.inputs.map(({ name, dtype, shape = [-1] }) => ({ name, dtype, shape }));
  const tensors = file.outputs.map(({ name, dtype, shape = [-1] }) => ({ name, dtype, shape }));
  const features = deriveFeatures(settings.features, inputs);
  const outputs = deriveOutputs({
    declared: settings.outputs,
    outputs: tensors,
    classes: file.labels,
  });
  const problems = [...features.problems, ...outputs.problems];
  if (problems.length > 0) {
    throw new Failure("failed-precondition", `${formatRef(ref)}: ${problems.join("; ")}`);
  }
  const sized = inputs.map(({ name, dtype, shape }) => ({
    ...{ name, dtype },
    shape: shape.map((dim, axis) => (dim >= 0 ? dim : axis === 0 ? rows : 1)),
  }));
  const { thresholds, reducers, performance } = settings.monitoring;
  const declared = (settings.outputs ?? []).map(({ name, labels }) => ({ name, labels }));
  return {
    ref,
    digest: createHash("sha256").update(bytes).digest("hex"),
    thresholds,
    schema: schemaOf(settings.features),
    performance: { settings: performance, declared },
    features: featureColumns({ features: features.specs, inputs: sized, rows, reducers }),
    outputs: outputs.specs.map((spec) => ({
      ...spec,
      dtype: tensors.find(({ name }) => name === spec.output)?.dtype ?? "FP32",
    })),
  };
}

/**
 * Finds a version's features by their names, and its outputs by the names examples.csv gives them:
 * `v<version>.<output>`, and `v<version>.<output>.<label>` where there is a value for each class.
 */
export function findColumns(model: WatchedVersion, titles: readonly string[]): ModelColumns {
  const known = new Set(titles);
  const prefix = `v${model.ref.version}.`;
  const found = model.outputs.map((output) => {
    const { name, dtype, role } = output;
    const own = titles.filter(
      (title) => title === `${prefix}${name}` || title.startsWith(`${prefix}${name}.`),
    );
    const type = role === "label" || dtype === "BYTES" ? "category" : "number";
    const kept = role === "embedding" ? "FP64" : dtype;
    const columns = own.map((title) => {
      const column = { name: title.slice(prefix.length), title };
      // Texts name the classes, whatever the model numbers them by.
      return type === "category"
        ? ({ ...column, type, dtype: kept, isNamed: true } as const)
        : toFileColumn({ name: column.name, type, dtype: kept }, title);
    });
    const labels = output.role === "probabilities" && own.length > 0 ? output.labels : [];
    const lacking = labels.map((label) => `${name}.${label}`);
    const missing = own.length === 0 ? [name] : lacking.filter((each) => !known.has(prefix + each));
    return { columns, missing };
  });
  const [present, missing] = [true, false].map((is) =>
    model.features.filter(({ name }) => known.has(name) === is),
  );
  return {
    features: (present ?? []).map((feature) => toFileColumn(feature, feature.name)),
    outputs: found.flatMap(({ columns }) => columns),
    missingFeatures: (missing ?? []).map(({ name }) => name),
    missingOutputs: found.flatMap(({ missing: names }) => names),
  };
}

function toFileColumn(
  { name, type, dtype }: Pick<ColumnHead, "name" | "type" | "dtype">,
  title: string,
): FileColumn {
  if (type === "number" && dtype !== "BYTES") return { name, title, type, dtype };
  return { name, title, type: "category", dtype };
}

async function newestVersion(root: string, model: string): Promise<number> {
  const { models } = await scanRepository(root);
  const found = models.find((each) => each.model === model);
  if (found === undefined) throw new Failure("not-found", `there is no model ${model} in ${root}`);
  const newest = found.versions.at(-1);
  if (newest === undefined) {
    throw new Failure("failed-precondition", `${model}: ${found.problem ?? "it has no version"}`);
  }
  return newest;
}

async function readModel(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    const reason = isMissing ? `there is no ${path}` : `${path}: ${messageOf(error)}`;
    throw new Failure(isMissing ? "not-found" : "failed-precondition", reason, { cause: error });
  }
}
