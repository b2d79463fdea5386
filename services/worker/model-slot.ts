import { dirname } from "node:path";
import { Failure } from "#core/failure.ts";
import type { ModelRef } from "#core/model/name.ts";
import { unknownWanted } from "#core/model/reducers.ts";
import type { ReducersByName } from "#core/model/settings.ts";
import type { ModelSpec } from "#core/model/spec.ts";
import type { Vocabularies } from "#core/prediction/column-plan.ts";
import type { SlabPool } from "#core/slab-pool.ts";
import { type ModelPaths, readModelSettings } from "#platform/model-repository.ts";
import { readVocabularies } from "#platform/vocabulary-file.ts";
import { BatchRunner } from "./batch-runner.ts";
import { Decoder } from "./decoder.ts";
import type { EventRecorder } from "./event-recorder.ts";
import type { WorkerEvents } from "./events.ts";
import { type InferenceHost, openInferenceHost } from "./inference-host.ts";
import { ServedModel } from "./served-model.ts";

export type ModelState =
  | { readonly kind: "loading" }
  | {
      readonly kind: "ready";
      readonly host: InferenceHost;
      readonly runner: BatchRunner;
      readonly model: ServedModel;
      readonly decoder: Decoder;
    }
  /** Kept out until the process starts again. */
  | { readonly kind: "failed"; readonly reason: string }
  /** Answers what it holds and takes nothing more. */
  | { readonly kind: "draining" };

export type ModelSlotOptions = {
  readonly ref: ModelRef;
  readonly paths: ModelPaths;
  readonly runMaxMs: number;
};

export type ModelSlotModules = {
  readonly events: WorkerEvents;
  readonly recorder: EventRecorder;
  /** Memory that payloads of more than a message are put together in. */
  readonly payloads: SlabPool;
  /** A run hangs or its thread is gone: the process must end. */
  readonly onCrash: (failure: Failure) => void;
};

/** Many times what the largest request takes on a slow machine. */
const decodeMaxMs = 30_000;

/**
 * The one model version a worker serves, and how far it is. Disposing lets a run under way end
 * first.
 */
export class ModelSlot implements AsyncDisposable {
  readonly #options: ModelSlotOptions;
  readonly #modules: ModelSlotModules;
  readonly #listeners = new Set<(state: ModelState) => void>();
  readonly #stack = new AsyncDisposableStack();
  #state: ModelState = { kind: "loading" };
  #announce: () => void = () => {};

  constructor(options: ModelSlotOptions, modules: ModelSlotModules) {
    this.#options = options;
    this.#modules = modules;
  }

  get state(): ModelState {
    return this.#state;
  }

  /** Rows that wait for a batch. */
  get waitingRows(): number {
    return this.#state.kind === "ready" ? this.#state.runner.waitingRows : 0;
  }

  /** How long requests wait for their batch, in microseconds. */
  get queueWaitUs(): number {
    return this.#state.kind === "ready" ? this.#state.runner.queueWaitUs : 0;
  }

  /** What a full batch takes to run, in microseconds; 0 until one has run. */
  get batchRunUs(): number {
    return this.#state.kind === "ready" ? this.#state.runner.batchRunUs : 0;
  }

  /** Tells of every change to come. The listener must not throw. */
  onChange(listener: (state: ModelState) => void): void {
    this.#listeners.add(listener);
  }

  /** What to call when a batch has been told to its requests and is about to run. */
  onAnnounce(announce: () => void): void {
    this.#announce = announce;
  }

  /** Loads the model. Never rejects: what keeps it out becomes its state. */
  async load(signal: AbortSignal): Promise<void> {
    const { ref, paths, runMaxMs } = this.#options;
    const { events, recorder, payloads, onCrash } = this.#modules;
    try {
      const settings = await readModelSettings(dirname(paths.settings));
      const host = await openInferenceHost({ paths, settings, runMaxMs, signal, onCrash });
      this.#stack.use(host);
      if (signal.aborted) return;
      const announce = () => this.#announce();
      const runner = this.#stack.use(new BatchRunner({ host, events, announce }));
      const { spec } = host;
      const decoder = this.#stack.use(new Decoder({ ref, spec, decodeMaxMs }, payloads));
      const { windowMs, reducers } = settings.monitoring;
      const vocabularies = await this.#readVocabularies(spec, reducers);
      recorder.modelLoaded({ digest: host.digest, spec, windowMs, reducers, vocabularies });
      const model = new ServedModel(ref, spec);
      this.#change({ kind: "ready", host, runner, model, decoder });
    } catch (error) {
      if (signal.aborted) return;
      this.#change({ kind: "failed", reason: Failure.from(error).message });
    }
  }

  /** Takes nothing more. Requests that were taken are still answered. */
  drain(): void {
    if (this.#state.kind !== "draining") this.#change({ kind: "draining" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #readVocabularies(
    { features }: ModelSpec,
    reducers: ReducersByName,
  ): Promise<Vocabularies> {
    const texts = unknownWanted(features, reducers);
    if (texts.length === 0) return new Map();
    const { vocabularies, problem } = await readVocabularies(this.#options.paths, texts);
    if (problem !== undefined) this.#modules.events.textsUnwatched(texts, problem);
    return vocabularies;
  }

  #change(state: ModelState): void {
    this.#state = state;
    this.#modules.events.stateChanged(state);
    for (const listener of this.#listeners) listener(state);
  }
}
