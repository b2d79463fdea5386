import type { Named } from "./run-dir.ts";

/** The names of the gateway's processes, which their logs have, too. */
export function gatewayNames(count: number): readonly Named[] {
  if (count === 1) return [{ instance: "gateway" }];
  return Array.from({ length: count }, (_, index) => ({ instance: `gateway-${index}` }));
}

/**
 * How many processes the gateway has where nobody says. A second one takes its processor from the
 * models and from the callers: on two cores it gains nothing. Half of the cores is what tiny models
 * need at most; from five on it is the workers that are the bottleneck.
 */
export function gatewaysByDefault(cores: number): number {
  return Math.max(1, Math.min(4, Math.floor(cores / 2)));
}
