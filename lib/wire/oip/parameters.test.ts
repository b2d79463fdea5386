import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ModelInferRequestSchema } from "#gen/inference/grpc_service_pb.ts";
import { refuseUnserved } from "./parameters.ts";

type Init = MessageInitShape<typeof ModelInferRequestSchema>;

const one = { parameterChoice: { case: "int64Param" as const, value: 1n } };

test.each<[string, Init, string]>([
  [
    "shared memory",
    { inputs: [{ name: "x", parameters: { shared_memory_region: one } }] },
    'tensor "x": shared memory is not served',
  ],
  [
    "classification",
    { outputs: [{ name: "p", parameters: { classification: one } }] },
    'output "p": classification is not served',
  ],
  ["reserved parameters", { parameters: { triton_x: one } }, '"triton_x" is reserved'],
])("refuses %s rather than answer something else", (_, init, problem) => {
  expect(() => refuseUnserved(create(ModelInferRequestSchema, init))).toThrow(problem);
});

test("lets parameters of the caller's own pass", () => {
  const parameters = { mine: one, triton_enable_empty_final_response: one };
  refuseUnserved(create(ModelInferRequestSchema, { parameters }));
});
