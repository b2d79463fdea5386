import { fromJson } from "@bufbuild/protobuf";
import { base64Encode } from "@bufbuild/protobuf/wire";
import { fromHex } from "#core/hex.ts";
import { TracesRequestSchema } from "#gen/opentelemetry/trace_pb.ts";
import { fromTracesRequest, type ReceivedSpans } from "./from-message.ts";
import { requireFewJsonParts } from "./parts.ts";

const idNames = new Set(["traceId", "spanId", "parentSpanId"]);

/**
 * Reads an OTLP traces request in JSON, which is the JSON of protobuf but for ids: those are
 * hexadecimal instead of base64. Fields it does not know are passed over. Throws when the text is
 * no such request, or has too many parts.
 */
export function decodeTracesJson(text: string): ReceivedSpans {
  requireFewJsonParts(text);
  const json = JSON.parse(text, (name, value: unknown) =>
    idNames.has(name) && typeof value === "string" ? base64OfHex(value) : value,
  );
  const request = fromJson(TracesRequestSchema, json, { ignoreUnknownFields: true });
  return fromTracesRequest(request);
}

/**
 * Digits that are not hexadecimal become an empty id, which is then rejected as any other invalid
 * id.
 */
function base64OfHex(digits: string): string {
  return base64Encode(fromHex(digits) ?? new Uint8Array(0));
}
