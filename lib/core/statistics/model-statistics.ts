/**
 * What a version has answered, in the counts that the statistics of the Open Inference Protocol ask
 * for.
 */
export type Duration = { readonly count: number; readonly us: number };

/** One answered inference. Durations are microseconds. */
export type Inference = {
  readonly atMs: number;
  readonly rows: number;
  readonly totalUs: number;
  /** In the gateway and in the worker together. */
  readonly queueUs: number;
  readonly decodeUs: number;
  readonly runUs: number;
  readonly encodeUs: number;
  /**
   * The run it was part of: its rows, and what tells it from other runs; undefined where that is
   * unknown.
   */
  readonly batch: { readonly rows: number; readonly key: number } | undefined;
};

type Stage = "decode" | "run" | "encode";

/** Runs of one size. */
export type BatchStatistics = { readonly rows: number } & Readonly<Record<Stage, Duration>>;

/**
 * Runs remembered so that one of many requests is counted once; replies of one run come close
 * together.
 */
const runsRemembered = 256;
/**
 * Models that are not batched may be asked with any number of rows; sizes beyond these are not told
 * apart.
 */
const sizesMax = 1_024;

class Total implements Duration {
  count = 0;
  us = 0;

  add(us: number): void {
    this.count += 1;
    this.us += us;
  }
}

export class ModelStatistics {
  readonly #success = new Total();
  readonly #failure = new Total();
  readonly #queue = new Total();
  readonly #decode = new Total();
  readonly #run = new Total();
  readonly #encode = new Total();
  readonly #sizes = new Map<number, Record<Stage, Total>>();
  readonly #runs = new Set<number>();
  #lastRun = -1;
  #rows = 0;
  #executions = 0;
  #lastMs = 0;

  get totals(): Readonly<Record<"success" | "failure" | "queue" | Stage, Duration>> {
    return {
      success: this.#success,
      failure: this.#failure,
      queue: this.#queue,
      decode: this.#decode,
      run: this.#run,
      encode: this.#encode,
    };
  }

  /** Rows inferred. */
  get rows(): number {
    return this.#rows;
  }

  /** Runs of the model, of which one may serve many requests. */
  get executions(): number {
    return this.#executions;
  }

  /** Milliseconds since 1970; 0 before the first. */
  get lastMs(): number {
    return this.#lastMs;
  }

  get batches(): readonly BatchStatistics[] {
    return [...this.#sizes]
      .map(([rows, size]) => ({ rows, ...size }))
      .sort((one, other) => one.rows - other.rows);
  }

  succeed(inference: Inference): void {
    const { totalUs, queueUs, decodeUs, runUs, encodeUs, rows, atMs } = inference;
    this.#success.add(totalUs);
    this.#queue.add(queueUs);
    this.#decode.add(decodeUs);
    this.#run.add(runUs);
    this.#encode.add(encodeUs);
    this.#rows += rows;
    this.#lastMs = Math.max(this.#lastMs, atMs);
    this.#countRun(inference);
  }

  fail(totalUs: number): void {
    this.#failure.add(totalUs);
  }

  #countRun({ batch, rows, decodeUs, runUs, encodeUs }: Inference): void {
    if (batch !== undefined && !this.#isNew(batch.key)) return;
    this.#executions += 1;
    const size = this.#sizeOf(batch?.rows ?? rows);
    size?.decode.add(decodeUs);
    size?.run.add(runUs);
    size?.encode.add(encodeUs);
  }

  /** Whether nothing of this run has been counted; it is remembered. */
  #isNew(key: number): boolean {
    // Replies of one run mostly come one after the other.
    if (key === this.#lastRun || this.#runs.has(key)) return false;
    this.#lastRun = key;
    this.#runs.add(key);
    if (this.#runs.size <= runsRemembered) return true;
    for (const oldest of this.#runs) {
      this.#runs.delete(oldest);
      break;
    }
    return true;
  }

  #sizeOf(rows: number) {
    const known = this.#sizes.get(rows);
    if (known !== undefined || this.#sizes.size >= sizesMax) return known;
    const made = { decode: new Total(), run: new Total(), encode: new Total() };
    this.#sizes.set(rows, made);
    return made;
  }
}
