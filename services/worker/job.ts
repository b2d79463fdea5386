import type { Waiting } from "#core/batching/batcher.ts";
import { joinParts, type RowRange, sliceAll } from "#core/batching/split.ts";
import { Failure } from "#core/failure.ts";
import type { RowFailures } from "#core/prediction/row-failures.ts";
import { blankTensor } from "#core/tensor/rows.ts";
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
  /**
   * Takes the rows that cannot be run, where the others are to be answered; undefined where one
   * fails the job. Such a job waits behind all others.
   */
  readonly failures: RowFailures | undefined;
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
  readonly range: RowRange;
  readonly inputs: readonly Tensor[];
  /** The job's, where the part is the whole of it. */
  readonly memory: ArrayBuffer | undefined;
  /** Half of a part that could not be run. */
  readonly isHalf: boolean;
};

export type PartResult = {
  readonly outputs: readonly Tensor[];
  readonly runUs: number;
  /** What it was asked with, where its own memory went to the thread and is back. */
  readonly inputs: readonly Tensor[] | undefined;
};

/** A job of more parts remembers the first batches and the latest. */
const batchesMax = 32;
/** A model that fails on every row is not asked about each of them. */
const failedRunsMax = 256;

/** What some rows of a job came to; without outputs where they could not be run. */
type RangeResult = { readonly range: RowRange; readonly outputs: readonly Tensor[] | undefined };

/** How far a job is. It ends once: done, failed or cancelled. */
export class JobProgress {
  readonly job: Job;
  readonly submittedMs: number;
  /** Its parts that wait for their batch: a few at a time. */
  readonly waiting: Waiting<Part>[] = [];
  readonly #ranges: readonly RowRange[];
  readonly #results: RangeResult[] = [];
  readonly #batches: BatchFacts[] = [];
  #next = 0;
  #left: number;
  #runUs = 0;
  #failedRuns = 0;
  #lastFailure: Failure | undefined;
  #state: "new" | "started" | "over" = "new";

  constructor(job: Job, ranges: readonly RowRange[], submittedMs: number) {
    this.job = job;
    this.submittedMs = submittedMs;
    this.#ranges = ranges;
    this.#left = ranges.length;
  }

  get isWhole(): boolean {
    return this.#ranges.length === 1 && this.#failedRuns === 0;
  }

  /** Whether a part that could not be run may be tried in halves. */
  mayHalve({ range }: Part): boolean {
    return range.to - range.from > 1 && this.#failedRuns < failedRunsMax;
  }

  /** The halves of a part that could not be run: each runs by itself. */
  halve(part: Part): readonly Part[] {
    const { range, inputs } = part;
    const middle = Math.ceil((range.to - range.from) / 2);
    const length = range.to - range.from;
    this.#failedRuns += 1;
    this.#left += 1;
    const cuts = [
      { from: 0, to: middle },
      { from: middle, to: length },
    ];
    return cuts.map(({ from, to }) => ({
      progress: this,
      range: { from: range.from + from, to: range.from + to },
      inputs: sliceAll(inputs, { from, to }),
      memory: undefined,
      isHalf: true,
    }));
  }

  get isBulk(): boolean {
    return this.job.failures !== undefined;
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
    return { progress: this, range, inputs, memory, isHalf: false };
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
    this.#runUs += runUs;
    this.#settle({ range: part.range, outputs }, inputs);
  }

  /** The rows of a part cannot be run, while others may. */
  failRows({ range }: Part, failure: Failure): void {
    if (this.isOver) return;
    this.#failedRuns += 1;
    const isRow = range.to - range.from === 1;
    const reason = isRow ? failure : notTried(failure);
    for (let row = range.from; row < range.to; row += 1) this.job.failures?.add(row, reason);
    this.#lastFailure = failure;
    this.#settle({ range, outputs: undefined }, undefined);
  }

  #settle(result: RangeResult, inputs: readonly Tensor[] | undefined): void {
    this.#results.push(result);
    this.#left -= 1;
    if (this.#left > 0) return;
    let outputs: readonly Tensor[] | undefined;
    try {
      outputs = joinResults(this.#results);
    } catch (error) {
      this.fail(Failure.from(error));
      return;
    }
    if (outputs === undefined) {
      this.fail(this.#lastFailure ?? new Failure("internal", "nothing was run"));
      return;
    }
    this.#state = "over";
    this.job.onDone({
      outputs,
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

/** The outputs of all rows, in order; undefined where none were run. */
function joinResults(results: RangeResult[]): readonly Tensor[] | undefined {
  const like = results.find(({ outputs }) => outputs !== undefined)?.outputs;
  // One that ran whole gets what the model gave, however many rows that has.
  if (like === undefined || results.length === 1) return like;
  results.sort((one, other) => one.range.from - other.range.from);
  return joinParts(
    results.map(({ range, outputs }) => outputs ?? blanks(like, range.to - range.from)),
  );
}

/** Why a row failed that only ran beside others: it may be one of them that it failed for. */
function notTried(failure: Failure): Failure {
  const why = `not run by itself, as ${failedRunsMax} runs for the item had failed`;
  return new Failure(failure.code, `${why}; with others: ${failure.message}`, { cause: failure });
}

function blanks(like: readonly Tensor[], rows: number): readonly Tensor[] {
  return like.map((tensor) => blankTensor(tensor, rows));
}
