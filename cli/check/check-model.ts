import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { Failure, messageOf } from "#core/failure.ts";
import type { ModelRef } from "#core/model/name.ts";
import { unknownWanted } from "#core/model/reducers.ts";
import type { ModelSettings } from "#core/model/settings.ts";
import type { ModelVersion } from "#gen/sluice/control/v1/control_pb.ts";
import { ModelState } from "#gen/sluice/control/v1/model_pb.ts";
import { modelPaths } from "#platform/model-repository.ts";
import { readVocabularies } from "#platform/vocabulary-file.ts";
import { baselineMismatch, parseBaseline } from "#wire/baseline.ts";
import { fromDescription } from "#wire/description.ts";
import type { Gateway } from "../client.ts";
import { formatCount } from "../format.ts";
import type { ServedModel } from "../model-argument.ts";
import { baselineProblems } from "./baseline-fit.ts";
import type { Finding } from "./finding.ts";
import { reproduceExamples } from "./reproduce.ts";

export type CheckOptions = {
  /** The repository the model is in. */
  readonly root: string;
  readonly ref: ModelRef;
  readonly settings: ModelSettings;
  readonly signal: AbortSignal;
  readonly onProgress: (text: string) => void;
};

/**
 * Checks one version that a gateway serves, or failed to serve. A check that has no file to look at
 * is `none`.
 */
export async function checkVersion(gateway: Gateway, options: CheckOptions): Promise<Finding[]> {
  const { ref, root } = options;
  const { onnx } = modelPaths(root, ref);
  if (!(await isFile(onnx))) {
    return [{ check: "loads", outcome: "failed", text: `there is no ${onnx}` }];
  }
  const versions = await gateway.listModels(ref.model);
  const found = versions.find(({ version }) => version === ref.version);
  if (found?.state !== ModelState.READY || found.description === undefined) {
    const text = found?.reason || versions[0]?.reason || "it did not become ready";
    return [{ check: "loads", outcome: "failed", text }];
  }
  const served = { ...ref, description: found.description };
  return [
    { check: "loads", outcome: "ok", text: describeShape(served) },
    describeBatching(found),
    await checkBaseline(options, served),
    await checkExamples(gateway, options, served),
  ];
}

function describeShape({ description }: ServedModel): string {
  const counts = [
    formatCount(description.features.length, "feature"),
    `predicts ${description.predictions.map(({ name }) => name).join(", ") || "nothing by name"}`,
  ];
  return counts.join(", ");
}

/** Running unbatched is slower, not wrong. */
function describeBatching({ description }: ModelVersion): Finding {
  const batching = description?.batching;
  return batching?.enabled === true
    ? { check: "batches", outcome: "ok", text: `up to ${batching.rowsMax} rows in a run` }
    : { check: "batches", outcome: "none", text: `no: ${batching?.disabledReason ?? ""}` };
}

async function checkBaseline(options: CheckOptions, served: ServedModel): Promise<Finding> {
  const check = "baseline";
  const { root, ref, settings } = options;
  const paths = modelPaths(root, ref);
  const text = await readIfThere(paths.baseline);
  if (text === undefined) {
    return { check, outcome: "none", text: "there is no baseline.json: drift is not computed" };
  }
  try {
    const baseline = parseBaseline(text);
    const digest = createHash("sha256")
      .update(await readFile(paths.onnx))
      .digest("hex");
    const mismatch = baselineMismatch(baseline, ref);
    const spec = fromDescription(served.description);
    const { reducers } = settings.monitoring;
    const problems = baselineProblems({ baseline, spec, digest, reducers });
    if (mismatch !== undefined) problems.unshift(mismatch);
    const texts = unknownWanted(spec.features, reducers);
    if (texts.length > 0) {
      const { problem } = await readVocabularies(paths, texts);
      if (problem !== undefined) problems.push(problem);
    }
    if (problems.length > 0) return { check, outcome: "failed", text: problems.join("; ") };
    const size = [
      formatCount(baseline.rows, "row"),
      formatCount(baseline.features.length, "feature"),
      formatCount(baseline.outputs.length, "output"),
    ];
    return { check, outcome: "ok", text: `fits: ${size.join(", ")}` };
  } catch (error) {
    return { check, outcome: "failed", text: messageOf(error) };
  }
}

async function checkExamples(
  gateway: Gateway,
  { root, ref, signal, onProgress }: CheckOptions,
  served: ServedModel,
): Promise<Finding> {
  const path = modelPaths(root, ref).examples;
  const isThere = await stat(path).catch(() => undefined);
  if (isThere === undefined) {
    return { check: "examples", outcome: "none", text: "there is no examples.csv" };
  }
  try {
    return await reproduceExamples(gateway, {
      ...{ path, served, signal },
      onProgress: (rows) => onProgress(`examples: ${formatCount(rows, "row")}`),
    });
  } catch (error) {
    if (error instanceof Failure && error.code === "cancelled") throw error;
    return { check: "examples", outcome: "failed", text: messageOf(error) };
  }
}

async function isFile(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function readIfThere(path: string): Promise<string | undefined> {
  return await readFile(path, "utf8").catch(() => undefined);
}
