import type { ModelSpec } from "#core/model/spec.ts";
import type { JobProgress, Part } from "./job.ts";

/** Parts of one job that wait at a time, for each thread: with fewer it would idle between them. */
export const partsWaitingMax = 2;

/**
 * The bulk jobs of a model, in the order they came. Of all of them together as much waits in the
 * batcher as keeps the threads busy: a batch to run next for each and one behind it. Small jobs
 * make up such batches together.
 */
export class BulkLine {
  readonly #partsMax: number;
  readonly #rowsMax: number;
  readonly #jobs: JobProgress[] = [];
  /** What waits in the batcher. */
  #parts = 0;
  #rows = 0;

  constructor({ batched, batching, instances }: ModelSpec) {
    this.#partsMax = partsWaitingMax * instances;
    this.#rowsMax = batched.enabled ? this.#partsMax * batching.rowsMax : 0;
  }

  /** Rows that wait in the batcher, as it counts them. */
  get rows(): number {
    return this.#rows;
  }

  add(job: JobProgress): void {
    this.#jobs.push(job);
  }

  remove(job: JobProgress): void {
    const at = this.#jobs.indexOf(job);
    if (at >= 0) this.#jobs.splice(at, 1);
  }

  /** The next part for the batcher; undefined while enough waits there. */
  next(): Part | undefined {
    for (let [first] = this.#jobs; first !== undefined; [first] = this.#jobs) {
      if (this.#parts >= this.#partsMax && this.#rows >= this.#rowsMax) return undefined;
      const part = first.nextPart();
      if (part !== undefined) return part;
      this.#jobs.shift();
    }
    return undefined;
  }

  /** A part, of whatever job, waits in the batcher. */
  offered({ progress, range }: Part): void {
    if (!progress.isBulk) return;
    this.#parts += 1;
    this.#rows += weight(range);
  }

  /** It does no more. */
  hasLeft({ progress, range }: Part): void {
    if (!progress.isBulk) return;
    this.#parts -= 1;
    this.#rows -= weight(range);
  }
}

/** A part without rows takes a place, too. */
function weight({ from, to }: Part["range"]): number {
  return Math.max(1, to - from);
}
