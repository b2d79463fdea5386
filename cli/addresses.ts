import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import * as v from "valibot";
import { Failure } from "#core/failure.ts";
import type { CliConfig } from "./config.ts";

/** Where a running cluster is. */
export type Addresses = {
  readonly server: string;
  readonly monitor: string;
  /** Base address of the OTLP/HTTP receiver spans go to; undefined where none is known. */
  readonly otlp: string | undefined;
  /** Of NATS, with its token; undefined where none is known. */
  readonly nats: string | undefined;
  readonly modelsDir: string;
};

const defaults = {
  server: "127.0.0.1:8001",
  monitor: "127.0.0.1:8011",
  otlp: "http://127.0.0.1:4318",
  models: "models",
};

/**
 * The part of `cluster.json` that matters here; `sluice up` writes it and removes it when it ends.
 */
const clusterFile = v.object({
  models: v.optional(v.string()),
  nats: v.optional(v.string()),
  gateway: v.optional(v.object({ grpc: v.optional(v.string()) })),
  monitor: v.optional(v.object({ grpc: v.optional(v.string()), otlp: v.optional(v.string()) })),
});

type ClusterFile = v.InferOutput<typeof clusterFile>;

/**
 * What was said wins over what the running cluster wrote into its data folder, and that over the
 * default ports. A file that is there and cannot be read is a Failure.
 */
export async function findAddresses(config: CliConfig): Promise<Addresses> {
  const file = await readClusterFile(join(config.dataDir, "cluster.json"));
  const isElsewhere = config.server !== undefined && file === undefined;
  const otlp = file?.monitor?.otlp;
  return {
    server: config.server ?? file?.gateway?.grpc ?? defaults.server,
    monitor: config.monitor ?? file?.monitor?.grpc ?? defaults.monitor,
    otlp: config.otlp ?? (otlp === undefined ? otlpDefault(isElsewhere) : `http://${otlp}`),
    nats: config.nats ?? file?.nats,
    modelsDir: config.modelsDir ?? file?.models ?? resolve(defaults.models),
  };
}

/** Beside a server on another machine there is no receiver to be guessed at. */
function otlpDefault(isElsewhere: boolean): string | undefined {
  return isElsewhere ? undefined : defaults.otlp;
}

async function readClusterFile(path: string): Promise<ClusterFile | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new Failure("unavailable", `cannot read ${path}`, { cause: error });
  }
  const parsed = v.safeParse(clusterFile, parseJson(text));
  if (parsed.success) return parsed.output;
  throw new Failure("failed-precondition", `${path} is not what \`sluice up\` writes; remove it`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
