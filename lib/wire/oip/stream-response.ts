/** Writes the answers of ModelStreamInfer, round responses that workers have encoded. */
import { create, toBinary } from "@bufbuild/protobuf";
import {
  ModelInferResponseSchema,
  ModelStreamInferResponseSchema,
} from "#gen/inference/grpc_service_pb.ts";
import { FieldWriter, withinSize } from "../field-writer.ts";

const finalParameter = "triton_final_response";
/** Of the one error the protocol gives no code for. */
const statusParameter = "sluice_status";

const isFinal = { parameterChoice: { case: "boolParam", value: true } } as const;
/** The field of a ModelInferResponse that says that no other follows. */
const finalField = toBinary(
  ModelInferResponseSchema,
  create(ModelInferResponseSchema, { parameters: { [finalParameter]: isFinal } }),
);

/** A ModelStreamInferResponse of an encoded ModelInferResponse, said to be its request's last. */
export function encodeStreamResponse(response: Uint8Array): Uint8Array {
  const size = response.byteLength + finalField.byteLength;
  const writer = new FieldWriter(withinSize(size));
  writer.begin(2, size);
  writer.raw(response);
  writer.raw(finalField);
  return writer.finish();
}

export type StreamFailure = {
  /** The caller's own. */
  readonly id: string;
  readonly model: string;
  readonly version: string;
  /** gRPC status code. */
  readonly status: number;
  readonly message: string;
};

/** A ModelStreamInferResponse for a request that failed, whose code is a parameter. */
export function encodeStreamFailure(failure: StreamFailure): Uint8Array {
  const { id, model, version, status, message } = failure;
  const code = { parameterChoice: { case: "int64Param", value: BigInt(status) } } as const;
  const response = create(ModelStreamInferResponseSchema, {
    errorMessage: message,
    inferResponse: {
      ...{ id, modelName: model, modelVersion: version },
      parameters: { [finalParameter]: isFinal, [statusParameter]: code },
    },
  });
  return toBinary(ModelStreamInferResponseSchema, response);
}
