import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { probeBatching } from "#core/batching/probe.ts";
import { Failure, messageOf } from "#core/failure.ts";
import { deriveFeatures } from "#core/model/features.ts";
import { deriveOutputs } from "#core/model/outputs.ts";
import { reducerProblems } from "#core/model/reducers.ts";
import type { ModelSettings } from "#core/model/settings.ts";
import type { ModelSpec, TensorSpec } from "#core/model/spec.ts";
import { seededDraw } from "#core/random.ts";
import { type ModelFile, readModelFile } from "#wire/onnx/model-file.ts";
import type { DeclaredTensor } from "#wire/onnx/value-info.ts";
import { openOnnxSession } from "./onnx-session.ts";
import type { Session } from "./session.ts";

export type LoadedModel = {
  readonly spec: ModelSpec;
  /** SHA-256 of model.onnx as it lies on disk, in hexadecimal. */
  readonly digest: string;
};

/** Any seed will do; a fixed one makes every start decide alike. */
const probeSeed = 1;

/**
 * Reads a model file, loads it, names its features and outputs, and finds out whether it may be
 * batched, which also warms it up. The caller disposes of the session. Fails with the reason the
 * model is kept out.
 */
export async function loadModel(
  path: string,
  settings: ModelSettings,
): Promise<LoadedModel & { readonly session: Session }> {
  const bytes = await readModelBytes(path);
  const digest = createHash("sha256").update(bytes).digest("hex");
  const file = readModelFile(bytes);
  const session = await openModel(path, file, settings);
  try {
    return { session, digest, spec: await describeModel(file, settings, session) };
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
}

/** Loads a model that `loadModel` has accepted once more, for another thread. */
export async function reloadModel(path: string, settings: ModelSettings): Promise<Session> {
  return openModel(path, readModelFile(await readModelBytes(path)), settings);
}

async function readModelBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    const reason = isMissing ? `${path} does not exist` : `${path}: ${messageOf(error)}`;
    throw new Failure(isMissing ? "not-found" : "failed-precondition", reason, { cause: error });
  }
}

async function openModel(path: string, file: ModelFile, settings: ModelSettings): Promise<Session> {
  const { rewritten } = file;
  return openOnnxSession({
    source:
      rewritten === undefined
        ? { kind: "path", path }
        : { kind: "bytes", bytes: rewritten, folder: dirname(path) },
    threads: settings.threads,
    isFixedShape: [...file.inputs, ...file.outputs].every(
      ({ shape }) => shape !== undefined && !shape.includes(-1),
    ),
  });
}

async function describeModel(
  file: ModelFile,
  settings: ModelSettings,
  session: Session,
): Promise<ModelSpec> {
  const inputs = file.inputs.map((input) => withShape(input, input.shape));
  const outputs = file.outputs.map((output) => {
    const known = session.outputs.find((each) => each.name === output.name)?.shape ?? [];
    return withShape(output, mergeShapes(output.shape, known));
  });
  const features = deriveFeatures(settings.features, inputs);
  const { batching } = settings;
  const names = outputs.map((output) => output.name);
  const ranks = new Map<string, number>();
  const subject = { inputs, outputs, features: features.specs, draw: seededDraw(probeSeed) };
  const batched = await probeBatching({ ...subject, ...batching }, async (tensors) => {
    const results = await session.run(tensors, names);
    for (const result of results) ranks.set(result.name, result.shape.length);
    return results;
  });
  const observed = outputs.map((output, at) =>
    file.outputs[at]?.shape === undefined ? withRank(output, ranks.get(output.name)) : output,
  );
  const predictions = deriveOutputs({
    declared: settings.outputs,
    outputs: observed,
    classes: file.labels,
  });
  const described = { inputs, features: features.specs, predictions: predictions.specs };
  const problems = [
    ...features.problems,
    ...predictions.problems,
    ...reducerProblems(settings.monitoring.reducers, described),
  ];
  if (problems.length > 0) {
    throw new Failure("failed-precondition", `model.yaml: ${problems.join("; ")}`);
  }
  return {
    inputs,
    outputs: observed,
    batching,
    batched,
    features: features.specs,
    predictions: predictions.specs,
    instances: settings.instances,
  };
}

/** An open shape counts as rows of something until a run has shown more. */
function withShape(tensor: DeclaredTensor, shape: readonly number[] = [-1]): TensorSpec {
  return { name: tensor.name, dtype: tensor.dtype, shape };
}

/** The runtime works out dimensions the file leaves open. */
function mergeShapes(
  declared: readonly number[] | undefined,
  known: readonly number[],
): readonly number[] | undefined {
  if (declared === undefined) return known.length > 0 ? known : undefined;
  if (known.length !== declared.length) return declared;
  return declared.map((dim, axis) => (dim === -1 ? (known[axis] ?? -1) : dim));
}

function withRank(output: TensorSpec, rank: number | undefined): TensorSpec {
  if (rank === undefined || rank === output.shape.length) return output;
  return { ...output, shape: new Array<number>(rank).fill(-1) };
}
