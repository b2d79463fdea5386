import { create } from "@bufbuild/protobuf";
import { SpanStatusCode } from "@opentelemetry/api";
import type { Command } from "commander";
import { formatRef } from "#core/model/name.ts";
import type { Feature } from "#gen/sluice/control/v1/model_pb.ts";
import { PredictRequestSchema, type PredictResponse } from "#gen/sluice/predict/v1/predict_pb.ts";
import { modelPaths } from "#platform/model-repository.ts";
import { contextOf, openTracing } from "#platform/tracing.ts";
import { metadataKey } from "#wire/metadata.ts";
import { formatTraceparent } from "#wire/traceparent.ts";
import { type Row, toColumns } from "../cells.ts";
import { Gateway } from "../client.ts";
import { type Example, readExample } from "../examples.ts";
import { type ExitCode, exitCode, UsageError } from "../exit-code.ts";
import { formatDuration } from "../format.ts";
import { findServed, parseModelArgument, type ServedModel } from "../model-argument.ts";
import { alignRows, type Paint } from "../output.ts";
import { readInput, rowOfAssignments, rowsOfJson } from "../predict-input.ts";
import { formatComparison, formatPredictions } from "../prediction-view.ts";
import { compareRow, type Difference, type PredictedValue, rowOf } from "../predictions.ts";
import {
  conclude,
  type Shell,
  type ShellFlags,
  withModelsFlag,
  withSharedFlags,
  writeJson,
} from "../shell.ts";

type PredictFlags = ShellFlags & { readonly row?: string; readonly input?: string };

const examples = `
Examples:
  sluice predict wine --row 3
  sluice predict diabetes@1 age=0.03 sex=0.05 bmi=0.06 bp=0.02 s1=0 s2=0 s3=-0.04 s4=0 s5=0.02 s6=0
  sluice predict credit --input applicants.json --json
  echo '[{"alcohol": 13.2, …}]' | sluice predict wine --input -

Exit codes: 1 refused, 3 no gateway answers, 4 --row predicted something else than is recorded.`;

/** Adds `sluice predict`. */
export function registerPredict(program: Command): void {
  const command = program
    .command("predict <model[@version]> [name=value...]")
    .description("predict one row or many, by feature name")
    .option("--row <number>", "a row of the model's examples.csv, counted from 1")
    .option("--input <file>", "JSON: an array of objects or an object of arrays; - reads stdin")
    .addHelpText("after", examples);
  withModelsFlag(withSharedFlags(command)).action(
    (model: string, assignments: string[], flags: PredictFlags) =>
      conclude(flags, (shell) => predict(shell, { model, assignments, flags })),
  );
}

type Asked = {
  readonly model: string;
  readonly assignments: readonly string[];
  readonly flags: PredictFlags;
};

async function predict(shell: Shell, asked: Asked): Promise<ExitCode> {
  const argument = parseModelArgument(asked.model);
  checkSources(asked);
  using gateway = new Gateway(shell.addresses.server);
  const served = await findServed(gateway, argument);
  const { rows, example } = await readRows(shell, asked, served);
  const answer = await ask(shell, gateway, { served, rows });
  const predicted = rows.map((_, row) => rowOf(answer.response, row));
  const recorded = example?.recorded;
  const differences = recorded === undefined ? [] : compareRow(predicted[0] ?? [], recorded);
  const outcome = { served, answer, predicted, recorded, differences };
  if (shell.isJson) writeJson(shell.out, toJson(outcome));
  else shell.out.write(toText(outcome, shell.out.paint));
  return differences.length > 0 ? exitCode.someRowsBad : exitCode.done;
}

type Outcome = {
  readonly served: ServedModel;
  readonly answer: Answer;
  readonly predicted: readonly (readonly PredictedValue[])[];
  /** Undefined where the row is no example. */
  readonly recorded: ReadonlyMap<string, string> | undefined;
  readonly differences: readonly Difference[];
};

function toJson({ answer, predicted, recorded, differences }: Outcome): Record<string, unknown> {
  const { response, traceId } = answer;
  const rows = predicted.map((row) =>
    Object.fromEntries(row.map(({ name, value }) => [name, jsonValue(value)])),
  );
  return {
    model: response.model,
    version: Number(response.version),
    predictionId: response.predictionId,
    traceId,
    rows,
    ...(recorded === undefined ? {} : { recorded: Object.fromEntries(recorded), differences }),
  };
}

/** JSON has no integers beyond 2^53, no NaN and no infinities: those become texts. */
function jsonValue(value: number | bigint | string): number | string {
  return typeof value === "number" && Number.isFinite(value) ? value : String(value);
}

function toText({ served, answer, ...outcome }: Outcome, paint: Paint): string {
  const { response, traceId, durationUs } = answer;
  const { predicted, recorded, differences } = outcome;
  const ref = formatRef({ model: response.model, version: Number(response.version) });
  const next = paint("dim", `sluice traces ${traceId.slice(0, 8)}`);
  return [
    `${paint("bold", ref)}  ${paint("dim", `in ${formatDuration(durationUs)}`)}\n`,
    formatPredictions({ outputs: served.description.predictions, rows: predicted, paint }),
    recorded === undefined ? "" : formatComparison(recorded.size, differences, paint),
    alignRows([
      ["prediction", response.predictionId],
      ["trace", `${traceId}  ${next}`],
    ]),
  ].join("");
}

/** Values come from exactly one place. */
function checkSources({ assignments, flags }: Asked): void {
  const sources = [assignments.length > 0, flags.row !== undefined, flags.input !== undefined];
  if (sources.filter(Boolean).length === 1) return;
  throw new UsageError("say what to predict: name=value for each feature, --row N or --input FILE");
}

type Rows = { readonly rows: readonly Row[]; readonly example?: Example };

async function readRows(shell: Shell, asked: Asked, served: ServedModel): Promise<Rows> {
  const { features } = served.description;
  const { row, input } = asked.flags;
  if (row !== undefined) {
    const number = /^[1-9][0-9]{0,8}$/.test(row) ? Number(row) : undefined;
    if (number === undefined) throw new UsageError(`--row ${row}: rows are counted from 1`);
    const path = modelPaths(shell.addresses.modelsDir, served).examples;
    const example = await readExample(path, served, number);
    return { rows: [example.row], example };
  }
  requireFeatures(features, served);
  if (input === undefined) return { rows: [rowOfAssignments(features, asked.assignments)] };
  return { rows: rowsOfJson(features, await readInput(input)) };
}

function requireFeatures(features: readonly Feature[], served: ServedModel): void {
  if (features.length > 0) return;
  throw new UsageError(`${formatRef(served)} has no named features: use ModelInfer`);
}

type Answer = {
  readonly response: PredictResponse;
  readonly traceId: string;
  /** As the caller saw it. */
  readonly durationUs: number;
};

/** Predicts as the root of a sampled trace, which is told to the collector before this resolves. */
async function ask(
  shell: Shell,
  gateway: Gateway,
  { served, rows }: { readonly served: ServedModel; readonly rows: readonly Row[] },
): Promise<Answer> {
  await using tracing = openTracing({ endpoint: shell.addresses.otlp, service: "sluice-cli" });
  const { model, version } = served;
  const span = tracing.tracer.startSpan("sluice predict", {
    attributes: { "sluice.model": model, "sluice.version": version, "sluice.rows": rows.length },
  });
  const context = contextOf(span);
  const startMs = performance.now();
  try {
    const request = create(PredictRequestSchema, {
      model,
      version: String(version),
      columns: toColumns(served.description.features, rows),
    });
    const metadata = { [metadataKey.traceparent]: formatTraceparent(context) };
    const { message } = await gateway.predict(request, { metadata });
    span.setAttribute("sluice.prediction_id", message.predictionId);
    const durationUs = (performance.now() - startMs) * 1000;
    return { response: message, traceId: context.traceId, durationUs };
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: String(error) });
    throw error;
  } finally {
    span.end();
  }
}
