import { BenchCluster, type BenchClusterOptions } from "./bench-cluster.ts";
import { BenchChild } from "./child.ts";
import { Load } from "./load/load.ts";
import { type ModelCall, modelCall } from "./model-call.ts";
import type { BenchModelName } from "./models.ts";
import { Peer } from "./peers/peer.ts";
import { type PeerName, recipes } from "./peers/recipes.ts";

export type Effort = {
  /** Runs of either side. */
  readonly pairs: number;
  /** How long one run is measured. */
  readonly seconds: number;
};

export type WorkbenchOptions = Effort & {
  /** Told what is being done. */
  readonly onProgress: (text: string) => void;
  readonly signal: AbortSignal;
  /** Settings of all clusters' processes, such as those that have them profiled. */
  readonly env?: Readonly<Record<string, string>>;
};

const warmupShare = 0.5;

/**
 * What figures are measured with. What several of them need is started once, when the first one
 * does, and stops with the workbench.
 */
export class Workbench implements AsyncDisposable {
  readonly effort: Effort;
  readonly warmupMs: number;
  readonly measureMs: number;
  readonly #options: WorkbenchOptions;
  readonly #stack = new AsyncDisposableStack();
  readonly #shared = new Map<string, Promise<unknown>>();

  constructor(options: WorkbenchOptions) {
    this.effort = options;
    this.#options = options;
    this.measureMs = options.seconds * 1000;
    this.warmupMs = this.measureMs * warmupShare;
  }

  /** Says what is being done; throws where the benchmark is to stop. */
  progress(text: string): void {
    this.#options.signal.throwIfAborted();
    this.#options.onProgress(text);
  }

  /** Processes that make requests; `name` tells apart those that do so at the same time. */
  async load(name: string = "first"): Promise<Load> {
    return await this.#share(`load ${name}`, () => Load.start());
  }

  /** The shipped system, with the models most figures ask. */
  async shipped(): Promise<BenchCluster> {
    return await this.#sharedCluster("shipped", { models: ["tiny", "mid", "mid-alone", "image"] });
  }

  async #sharedCluster(name: string, options: BenchClusterOptions): Promise<BenchCluster> {
    return await this.#share(`cluster ${name}`, async () => {
      this.progress(`starting a cluster: ${name}`);
      return await this.#start(options);
    });
  }

  /** One for a single figure, which stops it. */
  async ownCluster(options: BenchClusterOptions): Promise<BenchCluster> {
    this.progress("starting a cluster");
    return await this.#start(options);
  }

  /** A process of `test/bench/baselines`. */
  async baseline(name: string, args: readonly (string | number)[] = []): Promise<BenchChild> {
    const texts = args.map(String);
    return await this.#share(`${name} ${texts.join(" ")}`, () =>
      BenchChild.start(`baselines/${name}.ts`, texts),
    );
  }

  /** Another server of a model file, started for one figure, which stops it. */
  async peer(name: PeerName, of: { readonly model: string; readonly onnx: string }): Promise<Peer> {
    this.progress(`starting ${name}, which the first time is installed`);
    return await Peer.start({ name, ...of, signal: this.#options.signal }, recipes[name]);
  }

  /** A call of a model that a cluster serves, and the reply `session.run` says is right. */
  async call(cluster: BenchCluster, model: BenchModelName, as: string = model): Promise<ModelCall> {
    const raw = await this.baseline("raw-session", [cluster.onnxOf(as)]);
    return await this.once(`call ${cluster.grpc} ${as}`, () => modelCall(raw, model, as));
  }

  /** Does something once, whoever asks for it. */
  async once<T>(name: string, body: () => Promise<T>): Promise<T> {
    const known = this.#shared.get(name);
    const started = known ?? body();
    this.#shared.set(name, started);
    return (await started) as T;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #start(options: BenchClusterOptions): Promise<BenchCluster> {
    const env = { ...this.#options.env, ...options.env };
    return await BenchCluster.start({ ...options, env });
  }

  async #share<T extends AsyncDisposable>(name: string, open: () => Promise<T>): Promise<T> {
    return await this.once(name, async () => this.#stack.use(await open()));
  }
}
