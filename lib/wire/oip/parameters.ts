import { Failure } from "#core/failure.ts";
import { quote } from "#core/quote.ts";
import type { ModelInferRequest } from "#gen/inference/grpc_service_pb.ts";

/**
 * Refuses what would change the answer and is not served, rather than answer something else: shared
 * memory, classification, and reserved parameters. Throws a Failure.
 */
export function refuseUnserved(request: ModelInferRequest): void {
  for (const tensor of [...request.inputs, ...request.outputs]) {
    const names = Object.keys(tensor.parameters);
    const shared = names.find((name) => name.startsWith("shared_memory_"));
    if (shared !== undefined) {
      throw unserved(`tensor ${quote(tensor.name)}: shared memory is not served (${shared})`);
    }
    if (names.includes("classification")) {
      const advice = "ask for the output and take its largest values";
      throw unserved(`output ${quote(tensor.name)}: classification is not served: ${advice}`);
    }
  }
  const reserved = Object.keys(request.parameters).find(
    (name) => name.startsWith("triton_") && name !== "triton_enable_empty_final_response",
  );
  if (reserved !== undefined) {
    throw new Failure("invalid-argument", `parameter ${quote(reserved)} is reserved`);
  }
}

function unserved(problem: string): Failure {
  return new Failure("unimplemented", problem);
}
