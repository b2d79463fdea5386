import { run, tellParent } from "#platform/run.ts";
import { optOutOfTelemetry, readEnv, toConfig } from "./config.ts";
import { startWorker } from "./worker.ts";

// Longer than any drain that makes sense: stopping bounds itself, this is for what cannot.
const stopMsMax = 10 * 60_000;

optOutOfTelemetry();
await run({ service: "worker", stopMsMax }, (signal) =>
  startWorker(toConfig(readEnv()), signal, { tell: tellParent }),
);
