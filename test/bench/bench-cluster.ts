import { availableParallelism } from "node:os";
import { gatewaysByDefault } from "../../cli/supervisor/gateway-count.ts";
import { startTestCluster, type TestCluster } from "../support/cluster.ts";
import { type BenchModelName, onnxPath, openBenchModels, type WantedModel } from "./models.ts";

export type BenchClusterOptions = {
  /** By the name they are served under; one replica of the model of that name where only named. */
  readonly models: readonly BenchModelName[] | Readonly<Record<string, WantedModel>>;
  /** Processes of the gateway; default as many as `sluice up` starts here. */
  readonly gateways?: number;
  /** Default true: NATS and the monitor, as shipped. */
  readonly monitor?: boolean;
  /** Settings that differ from the shipped ones. */
  readonly env?: Readonly<Record<string, string>>;
};

/** A whole cluster, as `sluice up` starts it, with models of the benchmark. */
export class BenchCluster implements AsyncDisposable {
  readonly #cluster: TestCluster;
  readonly #root: string;
  readonly #stack: AsyncDisposableStack;

  private constructor(cluster: TestCluster, root: string, stack: AsyncDisposableStack) {
    this.#cluster = cluster;
    this.#root = root;
    this.#stack = stack;
  }

  static async start(options: BenchClusterOptions): Promise<BenchCluster> {
    const { monitor = true, env = {} } = options;
    const { gateways = gatewaysByDefault(availableParallelism()) } = options;
    await using stack = new AsyncDisposableStack();
    const repository = stack.use(await openBenchModels(replicated(options.models)));
    const modelsDir = repository.root;
    const cluster = await startTestCluster({ modelsDir, nats: monitor, monitor, gateways, env });
    stack.use(cluster);
    const missing = cluster.addresses.workers.length - cluster.readyModels.length;
    const isWhole = cluster.readyModels.length === Object.keys(replicated(options.models)).length;
    if (!isWhole) {
      throw new Error(`models are missing (${missing} workers):\n${cluster.lines.join("\n")}`);
    }
    return new BenchCluster(cluster, modelsDir, stack.move());
  }

  /** Of the gateway. */
  get grpc(): string {
    return this.#cluster.grpc;
  }

  get modelsDir(): string {
    return this.#root;
  }

  onnxOf(model: string): string {
    return `${this.#root}/${onnxPath(model)}`;
  }

  /** Where the first worker of a model listens. */
  workerAddress(model: string): string {
    const worker = this.#cluster.addresses.workers.find((one) => one.model === model);
    return worker?.address ?? "";
  }

  /** Where the monitor tells its metrics. */
  get monitorMetrics(): string {
    return this.#cluster.addresses.monitor?.["metrics"] ?? "";
  }

  pidOf(name: string): number {
    const pid = this.#cluster.pidOf(name);
    if (pid === undefined) throw new Error(`${name} is not running`);
    return pid;
  }

  /** The processes, by what a person calls them. */
  get servers(): Readonly<Record<string, readonly number[]>> {
    const known = (name: string) => this.#cluster.pidOf(name) ?? [];
    return {
      gateway: this.#cluster.gateways.map((name) => this.pidOf(name)),
      worker: this.#cluster.addresses.workers.map(({ instance }) => this.pidOf(instance)),
      "monitor and NATS": [known("monitor"), known("nats-server")].flat(),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

function replicated(models: BenchClusterOptions["models"]): Readonly<Record<string, WantedModel>> {
  if (!Array.isArray(models)) return models as Readonly<Record<string, WantedModel>>;
  const names = models as readonly BenchModelName[];
  return Object.fromEntries(names.map((model) => [model, { model, replicas: 1 }]));
}
