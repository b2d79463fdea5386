import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ModelInferRequestSchema } from "#gen/inference/grpc_service_pb.ts";
import { decodeInferRequest } from "./request.ts";

type Init = MessageInitShape<typeof ModelInferRequestSchema>;

const one = { parameterChoice: { case: "int64Param" as const, value: 1n } };

function decode(init: Init) {
  return decodeInferRequest(
    toBinary(ModelInferRequestSchema, create(ModelInferRequestSchema, init)),
  );
}

test.each<[string, Init, string]>([
  [
    "shared memory",
    { inputs: [{ name: "x", parameters: { shared_memory_region: one } }] },
    'tensor "x": shared memory is not served',
  ],
  [
    "classification",
    { outputs: [{ name: "p", parameters: { mine: one, classification: one } }] },
    'output "p": classification is not served',
  ],
  ["reserved parameters", { parameters: { mine: one, triton_x: one } }, '"triton_x" is reserved'],
])("refuses %s rather than answer something else", (_, init, problem) => {
  expect(() => decode(init)).toThrow(problem);
});

test("lets parameters of the caller's own pass", () => {
  const parameters = { mine: one, triton_enable_empty_final_response: one };
  expect(decode({ parameters }).inputs).toEqual([]);
});
