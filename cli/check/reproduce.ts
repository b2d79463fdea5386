import { create } from "@bufbuild/protobuf";
import { Failure } from "#core/failure.ts";
import { PredictRequestSchema } from "#gen/sluice/predict/v1/predict_pb.ts";
import { toColumns } from "../cells.ts";
import type { Gateway } from "../client.ts";
import { type Example, readExamples } from "../examples.ts";
import { formatCount } from "../format.ts";
import type { ServedModel } from "../model-argument.ts";
import { compareRow, rowOf } from "../predictions.ts";
import type { Finding } from "./finding.ts";

/** Rows of one request. */
const rowsAtOnce = 64;
const differencesShown = 3;

export type ReproduceOptions = {
  readonly path: string;
  readonly served: ServedModel;
  readonly signal: AbortSignal;
  readonly onProgress: (rows: number) => void;
};

/** Predicts every row of examples.csv and compares it with what is recorded. */
export async function reproduceExamples(
  gateway: Gateway,
  options: ReproduceOptions,
): Promise<Finding> {
  const counts = { rows: 0, recorded: 0, different: 0 };
  const shown: string[] = [];
  for await (const batch of batches(readExamples(options.path, options.served))) {
    if (options.signal.aborted) throw new Failure("cancelled", "stopped");
    const differences = await compareBatch(gateway, batch, options.served);
    counts.rows += batch.length;
    counts.recorded += batch.reduce((sum, { recorded }) => sum + recorded.size, 0);
    counts.different += differences.length;
    shown.push(...differences.slice(0, differencesShown - shown.length));
    options.onProgress(counts.rows);
  }
  const rows = formatCount(counts.rows, "row");
  if (counts.recorded === 0) {
    const columns = `v${options.served.version}.…`;
    return finding("none", `${rows} predicted; no columns ${columns} to compare with`);
  }
  if (counts.different === 0) return finding("ok", `${rows} as recorded`);
  const differ = `${counts.different} of ${rows} differ`;
  return finding("failed", `${differ}: ${shown.join("; ")}`);
}

/** A line for each row that differs. */
async function compareBatch(
  gateway: Gateway,
  batch: readonly Example[],
  served: ServedModel,
): Promise<string[]> {
  const rows = batch.map(({ row }) => row);
  const columns = toColumns(served.description.features, rows);
  const version = String(served.version);
  const request = create(PredictRequestSchema, { model: served.model, version, columns });
  const { message } = await gateway.predict(request);
  return batch.flatMap((example, index) => {
    const [first, ...others] = compareRow(rowOf(message, index), example.recorded);
    if (first === undefined) return [];
    const more = others.length > 0 ? ` and ${others.length} more` : "";
    const { name, predicted, recorded } = first;
    return [`row ${example.number}: ${name} is ${predicted}, recorded ${recorded}${more}`];
  });
}

async function* batches(examples: AsyncIterable<Example>): AsyncGenerator<Example[]> {
  let batch: Example[] = [];
  for await (const example of examples) {
    batch.push(example);
    if (batch.length < rowsAtOnce) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function finding(outcome: Finding["outcome"], text: string): Finding {
  return { check: "examples", outcome, text };
}
