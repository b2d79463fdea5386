/**
 * Drives the batcher with the clock and the inference threads.
 *
 * 1. A job larger than a batch runs in parts, which are joined. Only a few of them wait at a time:
 *    the next one queues when one starts, so that other jobs have their turns.
 * 2. While a thread runs one batch the next one forms. When a thread frees, whatever the batcher
 *    closes starts; only then are the replies of the batch before written.
 * 3. A batch is announced first and posted to its thread one turn of the event loop later: should
 *    it bring the process down, the gateways know which requests were in it.
 * 4. A batch that fails is run again in halves, until only the request that cannot run gets the
 *    error.
 * 5. How long runs take is told to the batcher, which closes batches accordingly.
 */
import { randomBytes } from "node:crypto";
import { type Batch, Batcher, type Expired } from "#core/batching/batcher.ts";
import { batchKey } from "#core/batching/key.ts";
import { splitRows } from "#core/batching/split.ts";
import { Failure } from "#core/failure.ts";
import type { ModelSpec } from "#core/model/spec.ts";
import { monotonicMs, wallUs } from "#platform/clock.ts";
import { assembleInputs, placesOf, rebuildInputs, sliceOutputs } from "./batch-tensors.ts";
import type { WorkerEvents } from "./events.ts";
import type { InferenceHost } from "./inference-host.ts";
import { type Job, JobProgress, type Part, type PartResult } from "./job.ts";
import { SlabPool } from "./slab-pool.ts";
import type { BatchFacts } from "./work.ts";

/** A job that was taken. */
export type TakenJob = {
  /**
   * Frees what waits of it; a batch under way runs to its end. Gives back the batches it was in.
   */
  readonly cancel: () => readonly BatchFacts[];
};

export type BatchRunnerModules = {
  readonly host: InferenceHost;
  readonly events: WorkerEvents;
  /**
   * Called when the jobs of a batch have been told that they start: what they had to say goes out
   * now.
   */
  readonly announce: () => void;
};

/** Parts of one job that wait at a time, for each thread: with fewer it would idle between them. */
const partsWaitingMax = 2;

/** A timer set for later than this goes off at once. */
const timerMsMax = 2 ** 31 - 1;

type RunningBatch = {
  readonly batch: Batch<Part>;
  readonly closedMs: number;
  readonly parts: readonly Part[];
  readonly facts: BatchFacts;
};

type PartEnd = {
  readonly part: Part;
  /** Whether it ran in a half. */
  readonly isSplit: boolean;
  readonly result: PartResult | Failure;
};

/** Of memory for batches that rests between two of them. */
const slabBytesMax = 64 * 1024 * 1024;

export class BatchRunner implements Disposable {
  readonly #spec: ModelSpec;
  readonly #modules: BatchRunnerModules;
  readonly #batcher: Batcher<Part>;
  readonly #slabs = new SlabPool(slabBytesMax);
  #running = 0;
  #queueWaitUs = 0;
  #isPumpDue = false;
  #isDisposed = false;
  #wakesMs = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(modules: BatchRunnerModules) {
    this.#modules = modules;
    this.#spec = modules.host.spec;
    const { batching, batched } = this.#spec;
    this.#batcher = new Batcher({ ...batching, together: batched.enabled });
  }

  get waitingRows(): number {
    return this.#batcher.waitingRows;
  }

  /** How long the jobs waited at most that started last, in microseconds; 0 while nothing waits. */
  get queueWaitUs(): number {
    return this.#batcher.waiting === 0 ? 0 : this.#queueWaitUs;
  }

  /** What a full batch takes as a rule, in microseconds; 0 until one has run. */
  get batchRunUs(): number {
    return Math.round(this.#batcher.fullRunMs(monotonicMs()) * 1000);
  }

  /** Queues a job, or refuses it when too many rows wait. */
  submit(job: Job): TakenJob | "full" {
    if (!this.#batcher.hasRoom(job.rows)) return "full";
    const { batched, batching, instances } = this.#spec;
    const whole = [{ from: 0, to: job.rows }];
    const ranges = batched.enabled ? splitRows(job.rows, batching.rowsMax) : whole;
    const progress = new JobProgress(job, ranges, monotonicMs());
    for (let part = 0; part < partsWaitingMax * instances; part += 1) this.#offerNext(progress);
    this.#pumpSoon();
    return {
      cancel: () => {
        this.#dropWaiting(progress);
        return progress.cancel();
      },
    };
  }

  /** Stops waiting for anything; what runs is left alone. */
  [Symbol.dispose](): void {
    this.#isDisposed = true;
    clearTimeout(this.#timer);
  }

  #offerNext(progress: JobProgress): void {
    const part = progress.nextPart();
    if (part === undefined) return;
    const { deadlineMs, priority, alone, outputs } = progress.job;
    const rows = part.range.to - part.range.from;
    const key = batchKey(part.inputs, outputs);
    const offer = { key, rows, deadlineMs, priority, alone, value: part };
    progress.waiting.push(this.#batcher.offer(offer, monotonicMs()));
  }

  /** Starts whatever may start, and wakes up again when that could change by time alone. */
  #pump(): void {
    while (this.#running < this.#spec.instances) {
      const next = this.#batcher.next(monotonicMs());
      this.#expire(next.expired);
      if (next.kind !== "batch") {
        if (next.kind === "wait") this.#wakeAt(next.untilMs);
        return;
      }
      this.#start(next.batch);
    }
    this.#expire(this.#batcher.expire(monotonicMs()));
    this.#wakeAt(this.#batcher.expiresMs);
  }

  /** Once what is being done has been done: of requests that come together none goes ahead. */
  #pumpSoon(): void {
    if (this.#isPumpDue) return;
    this.#isPumpDue = true;
    queueMicrotask(() => {
      this.#isPumpDue = false;
      if (!this.#isDisposed) this.#pump();
    });
  }

  /** A timer that goes off too early costs less than one set anew for every request. */
  #wakeAt(timeMs: number): void {
    if (timeMs >= this.#wakesMs) return;
    clearTimeout(this.#timer);
    this.#wakesMs = timeMs;
    const delayMs = Math.min(Math.max(0, timeMs - monotonicMs()), timerMsMax);
    this.#timer = setTimeout(() => {
      this.#wakesMs = Number.POSITIVE_INFINITY;
      this.#pump();
    }, delayMs);
  }

  #start(batch: Batch<Part>): void {
    this.#running += 1;
    const { members, rows, closedBy } = batch;
    const closedMs = monotonicMs();
    const facts: BatchFacts = {
      ...{ spanId: randomBytes(8), rows, requests: members.length, closedBy },
      ...{ startedUs: wallUs(), endedUs: 0, isTraced: false },
    };
    const parts = members.map((member) => member.value);
    let submittedMs = closedMs;
    for (const { progress } of parts) submittedMs = Math.min(submittedMs, progress.submittedMs);
    this.#queueWaitUs = Math.round((closedMs - submittedMs) * 1000);
    this.#modules.events.batchStarted(rows, closedBy);
    for (const part of parts) {
      part.progress.start(part, facts);
      this.#offerNext(part.progress);
    }
    this.#modules.announce();
    setImmediate(() => void this.#run({ batch, closedMs, parts, facts }));
  }

  /** Runs a batch, and hands its thread on before the replies are written. Never rejects. */
  async #run({ batch, closedMs, parts, facts }: RunningBatch): Promise<void> {
    const live = parts.filter(({ progress }) => !progress.isOver);
    const results = live.length === 0 ? [] : await this.#runParts(live);
    facts.endedUs = wallUs();
    this.#running -= 1;
    // A batch that failed, or is not what it was, says nothing of how long others take.
    if (live.length === parts.length && results.every(isClean)) {
      const now = monotonicMs();
      this.#batcher.ran(batch, now - closedMs, now);
    }
    const before = this.#running;
    this.#pump();
    // What was started is posted first: its thread waits for it.
    if (this.#running === before) this.#finish(results);
    else setImmediate(() => this.#finish(results));
  }

  /** Runs parts together, or in halves where that fails. */
  async #runParts(parts: readonly Part[], isSplit = false): Promise<PartEnd[]> {
    const result = await this.#runTogether(parts).catch(Failure.from);
    if (!(result instanceof Failure)) {
      return parts.map((part, at) => ({ part, isSplit, result: result(at) }));
    }
    // Without its thread there is nothing to run halves on.
    if (parts.length === 1 || result.code === "unavailable") {
      return parts.map((part) => ({ part, isSplit, result }));
    }
    this.#modules.events.batchSplit(parts.length, result.message);
    const middle = Math.ceil(parts.length / 2);
    const first = await this.#runParts(parts.slice(0, middle), true);
    return [...first, ...(await this.#runParts(parts.slice(middle), true))];
  }

  /** What each part comes to, by its place. */
  async #runTogether(parts: readonly Part[]): Promise<(at: number) => PartResult> {
    const [first] = parts;
    const names = first?.progress.job.outputs ?? [];
    const { isMoved, ...batch } = assembleInputs(parts, this.#slabs);
    const places = isMoved ? placesOf(batch.inputs) : [];
    const result = await this.#modules.host.run({ ...batch, outputs: names });
    if (!isMoved) for (const slab of result.buffers) this.#slabs.give(slab);
    const runUs = Math.round(result.runUs);
    const inputs = isMoved ? rebuildInputs(places, result.buffers) : undefined;
    // A request that ran whole gets what the model gave, however many rows that has.
    const isWhole = parts.length === 1 && first?.progress.isWhole === true;
    const outputs = isWhole ? [result.outputs] : sliceOutputs(result.outputs, parts);
    return (at) => ({ outputs: outputs[at] ?? [], runUs, inputs });
  }

  #finish(ends: readonly PartEnd[]): void {
    for (const { part, result } of ends) {
      if (result instanceof Failure) this.#fail(part.progress, result);
      else part.progress.finish(part, result);
    }
  }

  #fail(progress: JobProgress, failure: Failure): void {
    this.#dropWaiting(progress);
    progress.fail(failure);
  }

  #dropWaiting({ waiting }: JobProgress): void {
    const now = monotonicMs();
    for (const each of waiting.splice(0)) this.#batcher.cancel(each, now);
  }

  #expire(expired: readonly Expired<Part>[]): void {
    for (const { value, reason } of expired) {
      value.progress.waitsNoMore(value);
      this.#fail(value.progress, this.#failureOf(reason));
    }
  }

  #failureOf(reason: Expired<Part>["reason"]): Failure {
    switch (reason) {
      case "deadline":
        return new Failure("deadline-exceeded", "the deadline passed while the request was queued");
      case "too-late":
        return new Failure("deadline-exceeded", "the deadline would pass during the run");
      case "timeout": {
        const { queueTimeoutMs } = this.#spec.batching;
        return new Failure(
          "resource-exhausted",
          `waited ${queueTimeoutMs} ms for a batch, the limit`,
        );
      }
    }
  }
}

function isClean({ isSplit, result }: PartEnd): boolean {
  return !isSplit && !(result instanceof Failure);
}
