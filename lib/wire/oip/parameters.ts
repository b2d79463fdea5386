import { Failure } from "#core/failure.ts";
import { quote } from "#core/quote.ts";

// What would change the answer and is not served is refused, rather than answer something else:
// shared memory, classification, and reserved parameters.

/** Why nobody serves a tensor with this parameter; undefined for one that changes nothing. */
export function refuseTensor(tensor: string, parameter: string): Failure | undefined {
  if (parameter.startsWith("shared_memory_")) {
    return unserved(`tensor ${quote(tensor)}: shared memory is not served (${parameter})`);
  }
  if (parameter === "classification") {
    const advice = "ask for the output and take its largest values";
    return unserved(`output ${quote(tensor)}: classification is not served: ${advice}`);
  }
  return undefined;
}

/** The same for a parameter of the request itself. */
export function refuseRequest(parameter: string): Failure | undefined {
  if (!parameter.startsWith("triton_")) return undefined;
  if (parameter === "triton_enable_empty_final_response") return undefined;
  return new Failure("invalid-argument", `parameter ${quote(parameter)} is reserved`);
}

function unserved(problem: string): Failure {
  return new Failure("unimplemented", problem);
}
