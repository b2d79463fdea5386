/** What is known of a gateway process to whom connections can be handed. */
export type GatewayLoad = {
  /** `down` while it is not running or has been told to stop. */
  readonly state: "down" | "up" | "serving";
  /** It has not yet taken the last connection that was handed to it. */
  readonly isTaking: boolean;
  /** Connections it has open. */
  readonly open: number;
};

/**
 * The gateway that a new connection is handed to: one that serves, before one that is merely up and
 * can at least say why it does not; of those, the one with the fewest open connections, in turn
 * where these are equal. Undefined: the connection has to wait.
 */
export function chooseGateway(gateways: readonly GatewayLoad[], last: number): number | undefined {
  const wanted = gateways.some(({ state }) => state === "serving") ? "serving" : "up";
  let chosen: number | undefined;
  for (let step = 1; step <= gateways.length; step += 1) {
    const index = (last + step) % gateways.length;
    const gateway = gateways[index];
    if (gateway === undefined || gateway.state !== wanted || gateway.isTaking) continue;
    const best = chosen === undefined ? undefined : gateways[chosen];
    if (best === undefined || gateway.open < best.open) chosen = index;
  }
  return chosen;
}
