import { run } from "#platform/run.ts";
import { readEnv, toConfig } from "./config.ts";
import { startMonitor } from "./monitor.ts";

await run({ service: "monitor", stopMsMax: 10_000 }, () =>
  startMonitor(toConfig(readEnv(process.env))),
);
