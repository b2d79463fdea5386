import { Failure } from "#core/failure.ts";

/** About as long as a gateway takes to be replaced, or a load balancer to notice. */
const retryStoppingMs = 500;

/** What is answered to whoever comes while the gateway stops, or is still there when it must. */
export function gatewayStopping(): Failure {
  return new Failure("unavailable", "the gateway is stopping", { retryAfterMs: retryStoppingMs });
}
