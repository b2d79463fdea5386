import { create, toBinary } from "@bufbuild/protobuf";
import type { ModelRef } from "#core/model/name.ts";
import type { Tensor } from "#core/tensor/tensor.ts";
import { ModelInferResponseSchema } from "#gen/inference/grpc_service_pb.ts";
import { encodeRaw } from "./raw.ts";

export type InferResponse = {
  /** The version that ran. */
  readonly ref: ModelRef;
  /** The caller's own id, given back as it came. */
  readonly id: string;
  readonly outputs: readonly Tensor[];
};

/**
 * A ModelInferResponse with every output in `raw_output_contents`, whatever form the request used.
 */
export function encodeInferResponse(response: InferResponse): Uint8Array {
  const message = create(ModelInferResponseSchema, {
    modelName: response.ref.model,
    modelVersion: String(response.ref.version),
    id: response.id,
    outputs: response.outputs.map(({ name, dtype, shape }) => ({
      name,
      datatype: dtype,
      shape: shape.map(BigInt),
    })),
    rawOutputContents: response.outputs.map(encodeRaw),
  });
  return toBinary(ModelInferResponseSchema, message);
}
