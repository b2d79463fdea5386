import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { toCacheDir } from "../../cli/cache-dir.js";
import { type Cluster, startCluster } from "../../cli/supervisor/cluster.ts";
import type { ClusterOptions } from "../../cli/supervisor/options.ts";
import { testNatsProgram } from "./nats.ts";
import { tempDir } from "./temp.ts";

export type TestClusterOptions = {
  /** The sample models where absent. */
  readonly modelsDir?: string;
  /** Default true: a nats-server of its own. */
  readonly nats?: boolean;
  /** Default true, where there is NATS. */
  readonly monitor?: boolean;
  /** Processes of the gateway; default 1. */
  readonly gateways?: number;
  /** Settings of the processes. */
  readonly env?: Readonly<Record<string, string>>;
};

export type TestCluster = Cluster & {
  readonly dataDir: string;
  /** Of the gateway, `host:port`. */
  readonly grpc: string;
  /** What it reported so far. */
  readonly lines: readonly string[];
};

export const samplesDir: string = fileURLToPath(new URL("../../models", import.meta.url));

/**
 * A whole cluster, as `sluice up` starts it, on free ports and in folders of its own. Resolves when
 * it serves; stops, and takes its folders along, when disposed of.
 */
export async function startTestCluster(options: TestClusterOptions = {}): Promise<TestCluster> {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(await tempDir());
  const lines: string[] = [];
  const all = await clusterOptions(options, folder.path, lines);
  const cluster = await startCluster(all, AbortSignal.timeout(60_000)).catch((error: unknown) => {
    throw new Error(`the test cluster did not start:\n${lines.join("\n")}`, { cause: error });
  });
  opened.use(cluster);
  const everything = opened.move();
  return {
    get addresses() {
      return cluster.addresses;
    },
    get readyModels() {
      return cluster.readyModels;
    },
    pidOf: (name) => cluster.pidOf(name),
    gateways: cluster.gateways,
    dataDir: all.dataDir,
    grpc: cluster.addresses.gateway?.["grpc"] ?? "",
    lines,
    [Symbol.asyncDispose]: () => everything.disposeAsync(),
  };
}

async function clusterOptions(
  options: TestClusterOptions,
  folder: string,
  lines: string[],
): Promise<ClusterOptions> {
  const { modelsDir = samplesDir, nats = true, monitor = true, env = {} } = options;
  const { gateways = 1 } = options;
  return {
    modelsDir,
    dataDir: join(folder, "data"),
    cacheDir: toCacheDir(process.env),
    host: "127.0.0.1",
    ports: { grpc: 0, metrics: 0, monitorGrpc: 0, monitorHttp: 0, monitorMetrics: 0, otlp: 0 },
    gateways,
    nats: nats ? "auto" : "off",
    natsServer: nats ? await testNatsProgram() : undefined,
    monitor,
    cluster: "test",
    drainMsMax: 4_000,
    env: { ...process.env, NATS_URL: undefined, ...env },
    onReport: (line) => lines.push(line),
  };
}
