import { create } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ModelSpec, TensorSpec } from "#core/model/spec.ts";
import { numberAt, textAt, wideColumns } from "#core/prediction/value-column.ts";
import { allocate, isDtype } from "#core/tensor/dtype.ts";
import type { Tensor } from "#core/tensor/tensor.ts";
import {
  GRPCInferenceService,
  ModelInferRequestSchema,
  type ModelInferResponse,
} from "#gen/inference/grpc_service_pb.ts";
import { PredictRequestSchema } from "#gen/sluice/predict/v1/predict_pb.ts";
import { modelPaths } from "#platform/model-repository.ts";
import { RpcClient } from "#platform/rpc/client.ts";
import { fromDescription } from "#wire/description.ts";
import { decodeRaw, encodeRaw } from "#wire/oip/raw.ts";
import { type Row, toColumns } from "../../cli/cells.ts";
import { Gateway } from "../../cli/client.ts";
import { type Example, readExamples } from "../../cli/examples.ts";
import { findServed, parseModelArgument, type ServedModel } from "../../cli/model-argument.ts";
import { compareRow, type PredictedValue, rowOf } from "../../cli/predictions.ts";
import { samplesDir, startTestCluster, type TestCluster } from "../support/cluster.ts";

const samples = ["credit@1", "diabetes@1", "digits@1", "digits@2", "wine@1"];
const rowsAtOnce = 50;

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startTestCluster({ nats: false, monitor: false });
}, 120_000);

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
});

describe.each(samples)("every example of %s", (sample) => {
  it("comes back from Predict as scikit-learn predicted it", async () => {
    using gateway = new Gateway(cluster.grpc);
    const served = await findServed(gateway, parseModelArgument(sample));
    const compared = await compareAll(served, async (rows) => {
      const { message } = await gateway.predict(
        create(PredictRequestSchema, {
          model: served.model,
          version: String(served.version),
          columns: toColumns(served.description.features, rows),
        }),
      );
      return rows.map((_, row) => rowOf(message, row));
    });
    expect(compared.differences).toEqual([]);
    expect(compared.values).toBeGreaterThan(100);
  });

  it("comes back from ModelInfer as scikit-learn predicted it", async () => {
    using gateway = new Gateway(cluster.grpc);
    using client = new RpcClient(cluster.grpc);
    const served = await findServed(gateway, parseModelArgument(sample));
    const spec = fromDescription(served.description);
    const compared = await compareAll(served, async (rows) => {
      const inputs = spec.inputs.map((input) => toTensor(spec, input, rows));
      const request = create(ModelInferRequestSchema, {
        modelName: served.model,
        modelVersion: String(served.version),
        inputs: inputs.map(({ name, dtype, shape }) => ({
          ...{ name, datatype: dtype },
          shape: shape.map(BigInt),
        })),
        rawInputContents: inputs.map(encodeRaw),
      });
      const { modelInfer } = GRPCInferenceService.method;
      const { message } = await client.unary(modelInfer, request, { deadlineMs: 30_000 });
      return readRows(spec, toTensors(message), rows.length);
    });
    expect(compared.differences).toEqual([]);
    expect(compared.values).toBeGreaterThan(100);
  });
});

/** Every row of examples.csv, compared with what is recorded there. */
async function compareAll(
  served: ServedModel,
  predict: (rows: readonly Row[]) => Promise<readonly PredictedValue[][]>,
): Promise<{ values: number; differences: unknown[] }> {
  const examples: Example[] = [];
  const path = modelPaths(samplesDir, served).examples;
  for await (const example of readExamples(path, served)) examples.push(example);
  const differences: unknown[] = [];
  for (let from = 0; from < examples.length; from += rowsAtOnce) {
    const batch = examples.slice(from, from + rowsAtOnce);
    const predicted = await predict(batch.map(({ row }) => row));
    for (const [index, { number, recorded }] of batch.entries()) {
      const found = compareRow(predicted[index] ?? [], recorded);
      differences.push(...found.map((difference) => ({ number, ...difference })));
    }
  }
  const values = examples.reduce((sum, { recorded }) => sum + recorded.size, 0);
  return { values, differences };
}

function toTensor(spec: ModelSpec, input: TensorSpec, rows: readonly Row[]): Tensor {
  const { name, dtype } = input;
  const columns = spec.features.flatMap((feature, index) =>
    feature.input === name ? [{ index, column: feature.column }] : [],
  );
  const shape = input.shape.length === 1 ? [rows.length] : [rows.length, columns.length];
  const data = allocate(dtype, rows.length * columns.length);
  const cells: (number | bigint | string)[] = data as (number | bigint | string)[];
  for (const [row, values] of rows.entries()) {
    for (const { index, column } of columns) {
      const value = values[index] ?? Number.NaN;
      cells[row * columns.length + column] = dtype === "INT64" ? BigInt(value) : value;
    }
  }
  return { name, dtype, shape, data };
}

/** The outputs of a reply, whose contents are raw, whatever the request's were. */
function toTensors(reply: ModelInferResponse): Tensor[] {
  expect(reply.rawOutputContents).toHaveLength(reply.outputs.length);
  return reply.outputs.map(({ name, datatype, shape }, index) => {
    if (!isDtype(datatype)) throw new Error(`${name} is of the unknown data type ${datatype}`);
    const sized = shape.map(Number);
    const elements = sized.reduce((product, dim) => product * dim, 1);
    const head = { name, dtype: datatype, shape: sized, elements };
    const raw = reply.rawOutputContents[index] ?? new Uint8Array();
    const data = decodeRaw(head, raw, { from: 0, end: raw.byteLength });
    return { name, dtype: datatype, shape: sized, data };
  });
}

function readRows(spec: ModelSpec, outputs: readonly Tensor[], rows: number): PredictedValue[][] {
  const columns = spec.predictions.flatMap((prediction) => {
    const tensor = outputs.find(({ name }) => name === prediction.output);
    return tensor === undefined ? [] : wideColumns(prediction, tensor, rows);
  });
  return Array.from({ length: rows }, (_, row) =>
    columns.map((column) => ({
      name: column.name,
      value: column.type === "category" ? textAt(column, row) : numberAt(column, row),
    })),
  );
}
