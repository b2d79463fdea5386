import { Worker } from "node:worker_threads";
import { assert, unreachable } from "#core/assert.ts";
import { Failure, messageOf } from "#core/failure.ts";
import type { Tensor } from "#core/tensor/tensor.ts";
import type { FromThread, ThreadOrder, ToThread } from "./inference-protocol.ts";
import type { LoadedModel } from "./load-model.ts";
import { buffersOf, toMovable } from "./transfer.ts";

export type Batch = {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly string[];
  /** All that the numbers of the inputs are in; found and, where need be, copied if absent. */
  readonly buffers?: readonly ArrayBuffer[];
  /** Whether to give the memory of the inputs back; by default not. */
  readonly comesBack?: boolean;
};
export type BatchResult = {
  readonly outputs: readonly Tensor[];
  readonly runUs: number;
  /** What came back, in the order of the inputs. */
  readonly buffers: readonly ArrayBuffer[];
};

export type ThreadOptions = {
  readonly order: ThreadOrder;
  /** A run that takes longer is taken for one that never ends. */
  readonly runMaxMs: number;
  /**
   * The thread hangs or is gone, and so must the process be. Called at most once, never while it
   * loads.
   */
  readonly onCrash: (failure: Failure) => void;
};

type State =
  | { readonly kind: "loading"; readonly settled: PromiseWithResolvers<LoadedModel | undefined> }
  | { readonly kind: "idle" }
  | {
      readonly kind: "running";
      readonly settled: PromiseWithResolvers<BatchResult>;
      readonly watchdog: NodeJS.Timeout;
    }
  | { readonly kind: "ended" };

/** Of the thread's own heap, in megabytes. */
const youngMbMax = 6;

/**
 * One inference thread as the rest of the process sees it. It takes one batch at a time. It is
 * never terminated: the runtime brings the process down when its thread goes in the middle of a
 * run.
 */
export class ThreadHandle implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #options: ThreadOptions;
  readonly #ended = Promise.withResolvers<void>();
  #state: State;
  #isClosing = false;

  /**
   * Starts a thread and waits until it has loaded the model; `model` is what the first thread found
   * out. Rejects with the reason the model is kept out, once the thread has gone again.
   */
  static async open(
    options: ThreadOptions,
  ): Promise<{ readonly thread: ThreadHandle; readonly model: LoadedModel | undefined }> {
    const settled = Promise.withResolvers<LoadedModel | undefined>();
    const thread = new ThreadHandle(options, { kind: "loading", settled });
    try {
      return { thread, model: await settled.promise };
    } catch (error) {
      await thread.#ended.promise;
      throw error;
    }
  }

  private constructor(options: ThreadOptions, state: State) {
    this.#options = options;
    this.#state = state;
    this.#worker = new Worker(new URL("./inference-thread.ts", import.meta.url), {
      name: "inference",
      workerData: options.order,
      // It makes little garbage, as tensors are outside of its heap.
      resourceLimits: { maxYoungGenerationSizeMb: youngMbMax },
    });
    this.#worker.on("message", (message: FromThread) => this.#onMessage(message));
    this.#worker.on("error", (error) => this.#onEnd(`ended: ${messageOf(error)}`));
    this.#worker.on("exit", () => {
      this.#onEnd("ended on its own");
      this.#ended.resolve();
    });
  }

  get isIdle(): boolean {
    return this.#state.kind === "idle" && !this.#isClosing;
  }

  /**
   * Runs one batch on an idle thread and takes the memory of its inputs. Rejects with `internal`
   * when the model fails on it, and with `unavailable` when the thread hangs or ends.
   */
  run(batch: Batch): Promise<BatchResult> {
    assert(this.isIdle, `a batch came to a thread that is ${this.#state.kind}`);
    const settled = Promise.withResolvers<BatchResult>();
    const { outputs, comesBack = false } = batch;
    const inputs = batch.buffers === undefined ? toMovable(batch.inputs) : batch.inputs;
    const buffers = batch.buffers ?? buffersOf(inputs);
    this.#post({ kind: "run", inputs, outputs, comesBack }, [...buffers]);
    const watchdog = setTimeout(() => this.#onHang(), this.#options.runMaxMs);
    this.#state = { kind: "running", settled, watchdog };
    return settled.promise;
  }

  /**
   * Lets the run under way end, frees the model, and resolves when the thread is gone or known to
   * hang.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state.kind !== "ended" && !this.#isClosing) {
      this.#isClosing = true;
      this.#post({ kind: "close" });
    }
    await this.#ended.promise;
  }

  #post(message: ToThread, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #onMessage(message: FromThread): void {
    const state = this.#state;
    switch (message.kind) {
      case "loaded":
        assert(state.kind === "loading", `a thread that is ${state.kind} has loaded`);
        this.#state = { kind: "idle" };
        state.settled.resolve(message.model);
        break;
      case "ran":
        // A run that was given up on may still end.
        if (state.kind !== "running") break;
        this.#becomeIdle(state.watchdog);
        state.settled.resolve(message);
        break;
      case "failed":
        this.#onFailure(new Failure(message.code, message.message));
        break;
      default:
        unreachable(message);
    }
  }

  /** Of a run, after which the thread goes on, or of the load, after which it ends. */
  #onFailure(failure: Failure): void {
    const state = this.#state;
    if (state.kind === "running") {
      this.#becomeIdle(state.watchdog);
      state.settled.reject(failure);
    } else if (state.kind === "loading") {
      this.#state = { kind: "ended" };
      state.settled.reject(failure);
    }
  }

  #becomeIdle(watchdog: NodeJS.Timeout): void {
    clearTimeout(watchdog);
    this.#state = { kind: "idle" };
  }

  #onHang(): void {
    this.#worker.unref();
    this.#onEnd(`is in a run that takes longer than ${this.#options.runMaxMs} ms`);
    this.#ended.resolve();
  }

  #onEnd(what: string): void {
    const state = this.#state;
    if (state.kind === "ended") return;
    this.#state = { kind: "ended" };
    const failure = new Failure("unavailable", `the inference thread ${what}`);
    if (state.kind === "loading") {
      state.settled.reject(failure);
      return;
    }
    if (state.kind === "running") {
      clearTimeout(state.watchdog);
      state.settled.reject(failure);
    }
    if (state.kind === "running" || !this.#isClosing) this.#options.onCrash(failure);
  }
}
