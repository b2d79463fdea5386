import type { Waiting } from "#core/batching/batcher.ts";
import { joinParts, type RowRange, sliceAll } from "#core/batching/split.ts";
import { Failure } from "#core/failure.ts";
import type { Tensor } from "#core/tensor/tensor.ts";
import type { BatchFacts } from "./work.ts";

/** What the batch runner is asked to run. */
export type Job = {
  readonly rows: number;
  readonly inputs: readonly Tensor[];
  /** Names, in the order of the answer. */
  readonly outputs: readonly string[];
  /**
   * All that the numbers of its only input are in, and nothing else that is wanted: it may go to
   * the inference thread, and comes back with the result.
   */
  readonly memory?: ArrayBuffer | undefined;
  /** On the monotonic clock; Infinity for none. */
  readonly deadlineMs: number;
  /** 1 is the most urgent; 0 for the model's default. */
  readonly priority: number;
  readonly alone: boolean;
  /** Its first batch is about to run; `onDone` or `onFailed` follows, unless it is cancelled. */
  readonly onStarted: () => void;
  readonly onDone: (result: JobResult) => void;
  readonly onFailed: (failure: Failure, batches: readonly BatchFacts[]) => void;
};

export type JobResult = {
  readonly outputs: readonly Tensor[];
  /** What it was asked with. The tensors that came with the job may be empty by now. */
  readonly inputs: readonly Tensor[];
  /** The time of every run it took part in, together. */
  readonly runUs: number;
  /** Those it ran in; of very many the first ones and the last. */
  readonly batches: readonly BatchFacts[];
};

/** Some rows of a job, which run like a request of their own. */
export type Part = {
  readonly progress: JobProgress;
  /** Its place among the parts. */
  readonly index: number;
  readonly range: RowRange;
  readonly inputs: readonly Tensor[];
  /** The job's, where the part is the whole of it. */
  readonly memory: ArrayBuffer | undefined;
};

export type PartResult = {
  readonly outputs: readonly Tensor[];
  readonly runUs: number;
  /** What it was asked with, where its own memory went to the thread and is back. */
  readonly inputs: readonly Tensor[] | undefined;
};

/** A job of more parts remembers the first batches and the latest. */
const batchesMax = 32;

/** How far a job is. It ends once: done, failed or cancelled. */
export class JobProgress {
  readonly job: Job;
  readonly submittedMs: number;
  /** Its parts that wait for their batch: a few at a time. */
  readonly waiting: Waiting<Part>[] = [];
  readonly #ranges: readonly RowRange[];
  readonly #results: (readonly Tensor[])[] = [];
  readonly #batches: BatchFacts[] = [];
  #next = 0;
  #left: number;
  #runUs = 0;
  #state: "new" | "started" | "over" = "new";

  constructor(job: Job, ranges: readonly RowRange[], submittedMs: number) {
    this.job = job;
    this.submittedMs = submittedMs;
    this.#ranges = ranges;
    this.#left = ranges.length;
  }

  get isWhole(): boolean {
    return this.#ranges.length === 1;
  }

  get isOver(): boolean {
    return this.#state === "over";
  }

  /** The next part to queue, in order; undefined when there is none any more. */
  nextPart(): Part | undefined {
    const index = this.#next;
    const range = this.#ranges[index];
    if (range === undefined || this.isOver) return undefined;
    this.#next += 1;
    const inputs = this.isWhole ? this.job.inputs : sliceAll(this.job.inputs, range);
    const memory = this.isWhole ? this.job.memory : undefined;
    return { progress: this, index, range, inputs, memory };
  }

  /** A part has left the queue. */
  waitsNoMore(part: Part): void {
    const at = this.waiting.findIndex(({ offer }) => offer.value === part);
    if (at >= 0) this.waiting.splice(at, 1);
  }

  /** A part of it is about to run. */
  start(part: Part, batch: BatchFacts): void {
    this.waitsNoMore(part);
    if (this.#batches.length === batchesMax) this.#batches.pop();
    this.#batches.push(batch);
    if (this.#state !== "new") return;
    this.#state = "started";
    this.job.onStarted();
  }

  /** A part has run. The last one to do so ends the job. */
  finish(part: Part, { outputs, runUs, inputs }: PartResult): void {
    if (this.isOver) return;
    this.#results[part.index] = outputs;
    this.#runUs += runUs;
    this.#left -= 1;
    if (this.#left > 0) return;
    let whole = outputs;
    try {
      if (!this.isWhole) whole = joinParts(this.#results);
    } catch (error) {
      this.fail(Failure.from(error));
      return;
    }
    this.#state = "over";
    this.job.onDone({
      outputs: whole,
      inputs: inputs ?? this.job.inputs,
      runUs: this.#runUs,
      batches: this.#batches,
    });
  }

  fail(failure: Failure): void {
    if (this.isOver) return;
    this.#state = "over";
    this.job.onFailed(failure, this.#batches);
  }

  /** Gives back the batches it was in so far. */
  cancel(): readonly BatchFacts[] {
    this.#state = "over";
    return this.#batches;
  }
}
