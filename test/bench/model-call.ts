import { create, toBinary } from "@bufbuild/protobuf";
import { seededDraw } from "#core/random.ts";
import { ModelInferRequestSchema } from "#gen/inference/grpc_service_pb.ts";
import { InferResponseEncoder } from "#wire/oip/response.ts";
import type { BenchChild } from "./child.ts";
import type { LoadTarget } from "./load/plan.ts";
import { type BenchModelName, benchModels } from "./models.ts";

/** A call without the place it goes to. */
export type ModelCall = Omit<LoadTarget, "address">;

export const modelInferPath = "/inference.GRPCInferenceService/ModelInfer";

/**
 * A ModelInfer call with drawn numbers, and the reply to it: what ONNX Runtime gives for them in
 * the `raw-session` process of that model. `as` is the name it is served under.
 */
export async function modelCall(
  raw: BenchChild,
  model: BenchModelName,
  as: string,
): Promise<ModelCall> {
  const { row, rows } = benchModels[model];
  const shape = [rows, ...row];
  const draw = seededDraw(1);
  const length = shape.reduce((product, dim) => product * dim, 1);
  const data = Float32Array.from({ length }, () => draw() * 2 - 1);
  const { data: output, shape: outputShape } = (await raw.ask({
    kind: "run",
    ...{ shape, data, seconds: 0 },
  })) as unknown as { readonly data: Float32Array; readonly shape: readonly number[] };
  const request = create(ModelInferRequestSchema, {
    modelName: as,
    inputs: [{ name: "x", datatype: "FP32", shape: shape.map(BigInt) }],
    rawInputContents: [new Uint8Array(data.buffer)],
  });
  return {
    path: modelInferPath,
    message: toBinary(ModelInferRequestSchema, request),
    expected: new InferResponseEncoder({ model: as, version: 1 }).encode({
      id: "",
      outputs: [{ name: "y", dtype: "FP32", shape: outputShape, data: output }],
    }),
    floats: output.length,
    deadlineMs: 0,
  };
}

/** An echo of the same message at another place. */
export function echoOf(call: ModelCall, address: string): LoadTarget {
  return { ...call, address, expected: call.message, floats: 0 };
}
