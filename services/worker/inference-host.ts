import { assert } from "#core/assert.ts";
import { Failure } from "#core/failure.ts";
import type { ModelSettings } from "#core/model/settings.ts";
import type { ModelSpec } from "#core/model/spec.ts";
import type { ModelPaths } from "#platform/model-repository.ts";
import type { LoadedModel } from "./load-model.ts";
import { type Batch, type BatchResult, ThreadHandle } from "./thread-handle.ts";

export type InferenceHostOptions = {
  readonly paths: Pick<ModelPaths, "onnx">;
  readonly settings: ModelSettings;
  /** How long a run may take before it counts as hung. */
  readonly runMaxMs: number;
  /** Ends the start early, with a Failure `cancelled`; it means nothing afterwards. */
  readonly signal: AbortSignal;
  /**
   * A thread hangs or has gone. The caller ends the process, and by a signal (SIGKILL to itself):
   * an orderly exit waits for the thread that hangs. Called at most once for each thread.
   */
  readonly onCrash: (failure: Failure) => void;
};

/** A model version, loaded once for each of its instances, each in a thread of its own. */
export type InferenceHost = AsyncDisposable & {
  readonly spec: ModelSpec;
  /** SHA-256 of model.onnx as it lies on disk, in hexadecimal. */
  readonly digest: string;
  /** Threads free now: how many more runs may be started. */
  readonly idle: number;
  /**
   * Runs a batch whose tensors have been checked against `spec`; `outputs` are names, answered in
   * that order. Call it only while `idle` is above 0. The memory of the inputs is taken: arrays
   * that span a buffer of their own are empty afterwards. Rejects with `internal` when the model
   * fails on these values, and with `unavailable` when its thread is lost.
   */
  run(batch: Batch): Promise<BatchResult>;
};

/**
 * Loads a model and finds out what it takes and whether it may be batched. Rejects with a Failure
 * that says why the model is kept out. Disposing of it lets runs under way end first.
 */
export async function openInferenceHost(options: InferenceHostOptions): Promise<InferenceHost> {
  const { settings } = options;
  await using stack = new AsyncDisposableStack();
  const threads: ThreadHandle[] = [];
  const open = async (isFirst: boolean) => {
    throwIfCancelled(options.signal);
    const { thread, model } = await ThreadHandle.open({
      order: { onnx: options.paths.onnx, settings, isFirst },
      runMaxMs: options.runMaxMs,
      onCrash: options.onCrash,
    });
    threads.push(stack.use(thread));
    return model;
  };
  const model = await open(true);
  assert(model !== undefined, "the first thread describes its model");
  while (threads.length < settings.instances) await open(false);
  throwIfCancelled(options.signal);
  return new ThreadedHost(model, threads, stack.move());
}

class ThreadedHost implements InferenceHost {
  readonly spec: ModelSpec;
  readonly digest: string;
  readonly #threads: readonly ThreadHandle[];
  readonly #stack: AsyncDisposableStack;

  constructor(model: LoadedModel, threads: readonly ThreadHandle[], stack: AsyncDisposableStack) {
    this.spec = model.spec;
    this.digest = model.digest;
    this.#threads = threads;
    this.#stack = stack;
  }

  get idle(): number {
    return this.#threads.filter((thread) => thread.isIdle).length;
  }

  run(batch: Batch): Promise<BatchResult> {
    const thread = this.#threads.find((each) => each.isIdle);
    assert(thread !== undefined, "a batch is run only while a thread is idle");
    return thread.run(batch);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw new Failure("cancelled", "loading the model was cancelled");
}
