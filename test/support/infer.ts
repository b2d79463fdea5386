import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  ModelInferRequestSchema,
  type ModelInferResponse,
  ModelInferResponseSchema,
} from "#gen/inference/grpc_service_pb.ts";
import type { LinkReply } from "./link-client.ts";

export function inferBytes(init: MessageInitShape<typeof ModelInferRequestSchema>): Uint8Array {
  return toBinary(ModelInferRequestSchema, create(ModelInferRequestSchema, init));
}

/** A ModelInfer request with the id `mine`, for models of one input `x` FP32 [N,width]. */
export function floats(rows: number, width: number, value: number = 1): Uint8Array {
  const data = new Float32Array(rows * width).fill(value);
  return inferBytes({
    id: "mine",
    inputs: [{ name: "x", datatype: "FP32", shape: [BigInt(rows), BigInt(width)] }],
    rawInputContents: [new Uint8Array(data.buffer)],
  });
}

/** A request for models of one input `x` INT64 [N]. */
export function integers(values: readonly bigint[]): Uint8Array {
  const contents = { int64Contents: [...values] };
  const shape = [BigInt(values.length)];
  return inferBytes({ inputs: [{ name: "x", datatype: "INT64", shape, contents }] });
}

/** A request of one row for `slowModel`, which takes a few microseconds for each turn. */
export function turns(count: bigint): Uint8Array {
  return inferBytes({
    inputs: [
      { name: "x", datatype: "FP32", shape: [1n, 2n], contents: { fp32Contents: [1, 2] } },
      { name: "turns", datatype: "INT64", shape: [1n], contents: { int64Contents: [count] } },
    ],
  });
}

/** The answer to a ModelInfer request that succeeded; throws where it did not. */
export function answerOf({ header, payload }: LinkReply): ModelInferResponse {
  if (header.status !== 0) throw new Error(`status ${header.status}: ${header.message}`);
  return fromBinary(ModelInferResponseSchema, payload);
}

/** The values of an FP32 output, by its place. */
export function outputFloats(response: ModelInferResponse, index: number = 0): Float32Array {
  return new Float32Array(new Uint8Array(response.rawOutputContents[index] ?? []).buffer);
}
