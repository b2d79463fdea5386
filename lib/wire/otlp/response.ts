import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import { TracesResponseSchema } from "#gen/opentelemetry/trace_pb.ts";

export type OtlpFormat = "protobuf" | "json";

/** The answer to a traces request that was taken; `rejected` spans of it were not. */
export function encodeTracesResponse(rejected: number, format: OtlpFormat): Uint8Array | string {
  const errorMessage = `${rejected} spans have no valid trace id or span id`;
  const partialSuccess = { rejectedSpans: BigInt(rejected), errorMessage };
  const response = create(TracesResponseSchema, rejected === 0 ? {} : { partialSuccess });
  return format === "json"
    ? toJsonString(TracesResponseSchema, response)
    : toBinary(TracesResponseSchema, response);
}
