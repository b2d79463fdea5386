import { run, tellParent } from "#platform/run.ts";
import { readEnv, toConfig } from "./config.ts";
import { startGateway } from "./gateway.ts";
import { readLostModel } from "./lost-model.ts";

// Longer than any drain that makes sense: stopping bounds itself, this is for what cannot.
const stopMsMax = 10 * 60_000;

await run({ service: "gateway", stopMsMax }, async () => {
  const gateway = await startGateway(toConfig(readEnv()), { tell: tellParent });
  process.on("message", (message, connection) => {
    if (gateway.takeConnection(message, connection)) return;
    const lost = readLostModel(message);
    if (lost !== undefined) gateway.giveUp(lost);
  });
  return gateway;
});
