import { run } from "#platform/run.ts";
import { readEnv, toConfig } from "./config.ts";
import { startMonitor } from "./monitor.ts";

// Longer than any drain that makes sense: stopping bounds itself, this is for what cannot.
const stopMsMax = 10 * 60_000;

await run({ service: "monitor", stopMsMax }, () => startMonitor(toConfig(readEnv())));
