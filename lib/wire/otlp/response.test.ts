import { fromBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { TracesResponseSchema } from "#gen/opentelemetry/trace_pb.ts";
import { encodeTracesResponse } from "./response.ts";

describe("the answer to a traces request", () => {
  it("is empty when every span was taken", () => {
    expect(encodeTracesResponse(0, "protobuf")).toEqual(new Uint8Array(0));
    expect(encodeTracesResponse(0, "json")).toBe("{}");
  });

  it("counts the spans that were not", () => {
    const bytes = encodeTracesResponse(2, "protobuf") as Uint8Array;
    expect(fromBinary(TracesResponseSchema, bytes).partialSuccess?.rejectedSpans).toBe(2n);
    expect(JSON.parse(encodeTracesResponse(2, "json") as string)).toEqual({
      partialSuccess: {
        rejectedSpans: "2",
        errorMessage: "2 spans have no valid trace id or span id",
      },
    });
  });
});
