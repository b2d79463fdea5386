import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import {
  ModelInferResponseSchema,
  ModelStreamInferResponseSchema,
} from "#gen/inference/grpc_service_pb.ts";
import { encodeStreamFailure, encodeStreamResponse } from "./stream-response.ts";

const isFinal = { parameterChoice: { case: "boolParam", value: true } };

it("passes a response on, and says that it is the last of its request", () => {
  const response = fc.record({
    id: fc.string({ unit: "grapheme" }),
    rawOutputContents: fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 3 }),
  });
  void fc.assert(
    fc.property(response, (init) => {
      const encoded = toBinary(
        ModelInferResponseSchema,
        create(ModelInferResponseSchema, {
          ...init,
          parameters: { other: { parameterChoice: { case: "int64Param", value: 7n } } },
        }),
      );
      const bytes = Uint8Array.from(encodeStreamResponse(encoded));
      expect(fromBinary(ModelStreamInferResponseSchema, bytes)).toMatchObject({
        errorMessage: "",
        inferResponse: {
          ...init,
          parameters: {
            triton_final_response: isFinal,
            other: { parameterChoice: { case: "int64Param", value: 7n } },
          },
        },
      });
    }),
  );
});

it("tells a failure with the request's id and the code", () => {
  const failure = { id: "mine", model: "m", version: "2", status: 3, message: "no" };
  const bytes = encodeStreamFailure(failure);
  expect(fromBinary(ModelStreamInferResponseSchema, bytes)).toMatchObject({
    errorMessage: "no",
    inferResponse: {
      ...{ id: "mine", modelName: "m", modelVersion: "2" },
      parameters: {
        triton_final_response: isFinal,
        sluice_status: { parameterChoice: { case: "int64Param", value: 3n } },
      },
    },
  });
});
