import { stat } from "node:fs/promises";
import { type Command, Option } from "commander";
import { Failure } from "#core/failure.ts";
import type { Env } from "#platform/config.ts";
import { modelPaths } from "#platform/model-repository.ts";
import { type RunningService, run } from "#platform/run.ts";
import { readEnv } from "../config.ts";
import { type Cluster, startCluster } from "../supervisor/cluster.ts";
import { toClusterOptions } from "../supervisor/config.ts";
import type { ClusterOptions } from "../supervisor/options.ts";
import { thisPlatform, unsupportedPlatform } from "../supervisor/platform.ts";

type Flag = { readonly flags: string; readonly setting: string; readonly about: string };

/** Each is a setting of its own name. */
const flags: readonly Flag[] = [
  { flags: "--models <folder>", setting: "SLUICE_MODELS", about: "the model repository" },
  { flags: "--data <folder>", setting: "SLUICE_DATA", about: "logs, NATS data, addresses" },
  { flags: "--cache <folder>", setting: "SLUICE_CACHE", about: "what can be obtained again" },
  { flags: "--host <address>", setting: "SLUICE_HOST", about: "address the listeners bind" },
  { flags: "--cluster <name>", setting: "SLUICE_CLUSTER", about: "name of the cluster" },
  { flags: "--gateways <count>", setting: "SLUICE_GATEWAYS", about: "processes of the gateway" },
  { flags: "--grpc-port <port>", setting: "SLUICE_GRPC_PORT", about: "gateway, gRPC" },
  { flags: "--metrics-port <port>", setting: "SLUICE_METRICS_PORT", about: "gateway, metrics" },
  {
    flags: "--monitor-grpc-port <port>",
    setting: "SLUICE_MONITOR_GRPC_PORT",
    about: "monitor, gRPC",
  },
  {
    flags: "--monitor-http-port <port>",
    setting: "SLUICE_MONITOR_HTTP_PORT",
    about: "monitor, JSON",
  },
  {
    flags: "--monitor-metrics-port <port>",
    setting: "SLUICE_MONITOR_METRICS_PORT",
    about: "monitor, metrics",
  },
  { flags: "--otlp-port <port>", setting: "SLUICE_OTLP_PORT", about: "monitor, traces (OTLP)" },
  { flags: "--nats <url>", setting: "NATS_URL", about: "use this NATS; off: none, no monitor" },
  {
    flags: "--nats-server <program>",
    setting: "SLUICE_NATS_SERVER",
    about: "the nats-server to start",
  },
];

/** Adds `sluice up`: a whole cluster in the foreground, until SIGINT or SIGTERM. */
export function registerUp(program: Command): void {
  const command = program
    .command("up")
    .description("start a whole cluster here: gateway, workers, monitor, NATS")
    .option("--verbose", "the processes' logs, too");
  for (const { flags: text, setting, about } of flags) {
    command.addOption(new Option(text, `${about} (${setting})`));
  }
  command.action(async (given: Readonly<Record<string, unknown>>) => {
    await up(withFlags(readEnv(), command, given), given["verbose"] === true);
  });
}

/** The environment with what was said on the command line put over it. */
function withFlags(env: Env, command: Command, given: Readonly<Record<string, unknown>>): Env {
  const all: Record<string, string | undefined> = { ...env };
  for (const { flags: text, setting } of flags) {
    const option = command.options.find((known) => known.flags === text);
    const value = option === undefined ? undefined : given[option.attributeName()];
    if (typeof value === "string") all[setting] = value;
  }
  return all;
}

async function up(env: Env, isVerbose: boolean): Promise<void> {
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  const drainMsMax = Number(env["SLUICE_DRAIN_MAX_MS"] ?? 4000) || 4000;
  await run({ service: "sluice", stopMsMax: drainMsMax + 1_000 }, async (signal) => {
    const problem = unsupportedPlatform(thisPlatform());
    if (problem !== undefined) throw new Failure("unimplemented", problem);
    const options = toClusterOptions(env, {
      onReport: say,
      onOutput: isVerbose ? (bytes) => void process.stdout.write(bytes) : undefined,
    });
    return await start(options, signal, say);
  });
}

async function start(
  options: ClusterOptions,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<RunningService> {
  const cluster = await startCluster(options, signal);
  for (const line of await lastLines(options, cluster)) say(line);
  return {
    ready: {},
    async [Symbol.asyncDispose]() {
      say("stopping");
      await cluster[Symbol.asyncDispose]();
    },
  };
}

/** What a person wants to know next. */
async function lastLines(options: ClusterOptions, cluster: Cluster): Promise<string[]> {
  const [first] = cluster.readyModels;
  const { addresses } = cluster;
  const logs = `logs: ${addresses.logs}`;
  if (first === undefined && addresses.workers.length > 0) {
    return [`no model is ready: the reasons are above, more in the ${logs}`];
  }
  const serving = `serving on ${addresses.gateway?.["grpc"] ?? "?"}  (${logs}; Ctrl-C ends it)`;
  if (first === undefined) return [serving, `no models yet in ${options.modelsDir}`];
  const examples = modelPaths(options.modelsDir, first).examples;
  const hasExamples = await stat(examples).then(
    () => true,
    () => false,
  );
  const predict = `predict ${first.model}${hasExamples ? " --row 3" : " --help"}`;
  return [serving, `next, in another terminal: npx sluice ${predict}`];
}
