import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Schema, schemaOf } from "#core/drift/constraints.ts";
import type { Thresholds } from "#core/drift/verdict.ts";
import { Failure, messageOf } from "#core/failure.ts";
import { deriveFeatures } from "#core/model/features.ts";
import { formatRef, type ModelRef } from "#core/model/name.ts";
import { deriveOutputs } from "#core/model/outputs.ts";
import { reducerProblems } from "#core/model/reducers.ts";
import type { OutputSpec } from "#core/model/spec.ts";
import type { TaskSource } from "#core/performance/resolve-task.ts";
import {
  anyVocabularies,
  featureColumns,
  outputColumns,
  type PlannedColumn,
  type PlannedTensor,
} from "#core/prediction/column-plan.ts";
import { sampleRows, withSampleShape } from "#core/prediction/sample-shape.ts";
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
  readonly features: readonly WatchedColumn[];
  readonly outputs: readonly WatchedOutput[];
};

type WatchedColumn = Pick<PlannedColumn, "name" | "type" | "dtype" | "reducer" | "feature"> & {
  /** Of what it is reduced from. */
  readonly partDtype: Dtype;
};

type WatchedOutput = OutputSpec & {
  readonly dtype: Dtype;
  /** Where rows are too wide to be watched value by value. */
  readonly reduced: readonly WatchedColumn[];
};

/** Columns of a file, and what of the model it lacks. */
export type ModelColumns = {
  readonly features: readonly FileColumn[];
  readonly outputs: readonly FileColumn[];
  readonly missingFeatures: readonly string[];
  readonly missingOutputs: readonly string[];
};

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
  const { thresholds, reducers, performance } = settings.monitoring;
  const described = { inputs, features: features.specs, predictions: outputs.specs };
  const problems = [
    ...features.problems,
    ...outputs.problems,
    ...reducerProblems(reducers, described),
  ];
  if (problems.length > 0) {
    throw new Failure("failed-precondition", `${formatRef(ref)}: ${problems.join("; ")}`);
  }
  const planned = {
    inputs: inputs.map(withSampleShape),
    outputs: tensors.map(withSampleShape),
    ...{ rows: sampleRows, reducers },
  };
  const watched = (of: PlannedTensor[]) => (column: PlannedColumn) => ({
    ...column,
    partDtype: of[column.tensor]?.dtype ?? column.dtype,
  });
  const declared = (settings.outputs ?? []).map(({ name, labels }) => ({ name, labels }));
  return {
    ref,
    digest: createHash("sha256").update(bytes).digest("hex"),
    thresholds,
    schema: schemaOf(settings.features),
    performance: { settings: performance, declared },
    features: featureColumns({
      ...{ ...planned, features: features.specs, vocabularies: anyVocabularies },
    }).map(watched(planned.inputs)),
    outputs: outputs.specs.map((spec) => ({
      ...spec,
      dtype: tensors.find(({ name }) => name === spec.output)?.dtype ?? "FP32",
      reduced: outputColumns({ ...planned, predictions: [spec] })
        .filter(({ reducer }) => reducer !== undefined)
        .map(watched(planned.outputs)),
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
    const { name, dtype, role, reduced } = output;
    if (reduced.length > 0) return findAll(reduced, { titles, known, prefix });
    const own = titles.filter(
      (title) => title === `${prefix}${name}` || title.startsWith(`${prefix}${name}.`),
    );
    const type = role === "label" || dtype === "BYTES" ? "category" : "number";
    const columns = own.map((title) => {
      const column = { name: title.slice(prefix.length), title };
      // Texts name the classes, whatever the model numbers them by.
      return type === "category"
        ? ({ ...column, type, dtype, isNamed: true } as const)
        : toFileColumn({ name: column.name, type, dtype }, title);
    });
    const labels = output.role === "probabilities" && own.length > 0 ? output.labels : [];
    const lacking = labels.map((label) => `${name}.${label}`);
    const missing = own.length === 0 ? [name] : lacking.filter((each) => !known.has(prefix + each));
    return { columns, missing };
  });
  const features = findAll(model.features, { titles, known, prefix: "" });
  return {
    features: features.columns,
    outputs: found.flatMap(({ columns }) => columns),
    missingFeatures: features.missing,
    missingOutputs: found.flatMap(({ missing: names }) => names),
  };
}

type Titles = {
  readonly titles: readonly string[];
  readonly known: ReadonlySet<string>;
  /** Of all titles that are looked for. */
  readonly prefix: string;
};

type Found = { readonly columns: FileColumn[]; readonly missing: string[] };

function findAll(columns: readonly WatchedColumn[], titles: Titles): Found {
  const found: Found = { columns: [], missing: [] };
  for (const column of columns) {
    const file = findOne(column, titles);
    if (file === undefined) found.missing.push(column.name);
    else found.columns.push(file);
  }
  return found;
}

/** A summary stands in the file itself, or else what it is to be made from. */
function findOne(column: WatchedColumn, { titles, known, prefix }: Titles): FileColumn | undefined {
  const { name, reducer, feature, partDtype } = column;
  const [title, source] = [prefix + name, prefix + feature];
  if (reducer === "length" || reducer === "unknown") {
    const reduced = { kind: "text", reducer } as const;
    return known.has(source)
      ? { name, title: source, type: "number", dtype: "FP64", reduced }
      : undefined;
  }
  if (known.has(title)) return toFileColumn(column, title);
  if (reducer === undefined || partDtype === "BYTES") return undefined;
  const parts = known.has(source) ? [source] : partsOf(source, titles);
  const reduced = { kind: "wide", reducer, titles: parts, dtype: partDtype } as const;
  return parts.length === 0
    ? undefined
    : { name, title: source, type: "number", dtype: "FP64", reduced };
}

/** `<source>.0`, `<source>.1` and so on, in the order of their numbers. */
function partsOf(source: string, titles: readonly string[]): string[] {
  const numbered = titles.flatMap((title) => {
    if (!title.startsWith(`${source}.`)) return [];
    const digits = title.slice(source.length + 1);
    return /^\d+$/.test(digits) ? [{ title, number: Number(digits) }] : [];
  });
  return numbered.sort((one, other) => one.number - other.number).map(({ title }) => title);
}

function toFileColumn(
  { name, type, dtype }: Pick<WatchedColumn, "name" | "type" | "dtype">,
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
