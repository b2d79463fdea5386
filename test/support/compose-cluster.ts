import { type ChildProcess, fork } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ComposeService, readCompose } from "../deploy/compose.ts";
import { samplesDir } from "./cluster.ts";

/** A container's process, without the container. */
export type ComposeProcess = AsyncDisposable & {
  /** What the process says once it is up: its addresses. */
  readonly ready: Readonly<Record<string, string>>;
};

export type ComposeEnv = Readonly<Record<string, string>>;

const root = new URL("../../", import.meta.url);

const services: Readonly<Record<string, ComposeService>> = readCompose(
  new URL("deploy/compose.yaml", root),
).services;

export const workerNames: readonly string[] = Object.keys(services).filter((name) =>
  name.startsWith("worker-"),
);

/** Free ports in place of those the containers have to themselves. */
const freePorts: ComposeEnv = {
  SLUICE_GRPC_PORT: "0",
  SLUICE_METRICS_PORT: "0",
  SLUICE_WORKER_GRPC_PORT: "0",
  SLUICE_WORKER_METRICS_PORT: "0",
  SLUICE_MONITOR_GRPC_PORT: "0",
  SLUICE_MONITOR_HTTP_PORT: "0",
  SLUICE_MONITOR_METRICS_PORT: "0",
  SLUICE_OTLP_PORT: "0",
};

/**
 * Starts a service of deploy/compose.yaml with its command and settings, on this machine: ports are
 * free ones, `/data` is a folder below `folder`, and `env` says where other services are. Disposing
 * stops it in order.
 */
export async function startComposeProcess(
  name: string,
  options: { readonly folder: string; readonly env: ComposeEnv },
): Promise<ComposeProcess> {
  const { command = [], environment } = services[name] ?? { environment: {} };
  const dataDir = join(options.folder, name);
  await mkdir(dataDir, { recursive: true });
  const declared = Object.entries(environment).map(([key, value]) => [
    key,
    value.replace(/^\/data\b/, dataDir),
  ]);
  const child = fork(fileURLToPath(new URL(command[0] ?? "", root)), {
    env: {
      PATH: process.env["PATH"],
      HOME: options.folder,
      SLUICE_DATA: dataDir,
      SLUICE_MODELS: samplesDir,
      ...freePorts,
      ...Object.fromEntries(declared),
      ...options.env,
    },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const ready = await readyOf(name, child);
  return {
    ready,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

async function readyOf(name: string, child: ChildProcess): Promise<Record<string, string>> {
  const errors: string[] = [];
  child.stderr?.on("data", (chunk) => errors.push(String(chunk)));
  return await new Promise((resolve, reject) => {
    child.on("message", (message: { type?: string } & Record<string, string>) => {
      if (message.type === "ready") resolve(message);
    });
    child.once("close", () => reject(new Error(`${name} did not start: ${errors.join("")}`)));
  });
}
