/**
 * Drives the batcher with the clock and the inference threads.
 *
 * 1. A job larger than a batch runs in parts, which are joined. Only a few of them wait at a time:
 *    the next one queues when one starts, so that other jobs have their turns.
 * 2. While a thread runs one batch the next one forms. When a thread frees, whatever the batcher
 *    closes starts.
 * 3. A batch is announced first and posted to its thread one turn of the event loop later: should
 *    it bring the process down, the gateways know which requests were in it.
 * 4. A batch that fails is run again in halves, until only the request that cannot run gets the
 *    error.
 */
import { randomBytes } from "node:crypto";
import { type Batch, Batcher, type Expired } from "#core/batching/batcher.ts";
import { batchKey } from "#core/batching/key.ts";
import { splitRows } from "#core/batching/split.ts";
import { Failure } from "#core/failure.ts";
import type { ModelSpec } from "#core/model/spec.ts";
import { monotonicMs, wallUs } from "#platform/clock.ts";
import { sliceOutputs, stackInputs } from "./batch-tensors.ts";
import type { WorkerEvents } from "./events.ts";
import type { InferenceHost } from "./inference-host.ts";
import { type Job, JobProgress, type Part } from "./job.ts";
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

export class BatchRunner implements Disposable {
  readonly #spec: ModelSpec;
  readonly #modules: BatchRunnerModules;
  readonly #batcher: Batcher<Part>;
  #lastPart = 0;
  #running = 0;
  #queueWaitUs = 0;
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

  /** Queues a job, or refuses it when too many rows wait. */
  submit(job: Job): TakenJob | "full" {
    if (!this.#batcher.hasRoom(job.rows)) return "full";
    const { batched, batching, instances } = this.#spec;
    const whole = [{ from: 0, to: job.rows }];
    const ranges = batched.enabled ? splitRows(job.rows, batching.rowsMax) : whole;
    const progress = new JobProgress(job, ranges, monotonicMs());
    for (let part = 0; part < partsWaitingMax * instances; part += 1) this.#offerNext(progress);
    this.#pump();
    return {
      cancel: () => {
        this.#dropWaiting(progress);
        return progress.cancel();
      },
    };
  }

  /** Stops waiting for anything; what runs is left alone. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #offerNext(progress: JobProgress): void {
    this.#lastPart += 1;
    const part = progress.nextPart(this.#lastPart);
    if (part === undefined) return;
    const { deadlineMs, alone, outputs } = progress.job;
    const rows = part.range.to - part.range.from;
    const key = batchKey(part.inputs, outputs);
    this.#batcher.offer({ id: part.id, key, rows, deadlineMs, alone, value: part }, monotonicMs());
  }

  /** Starts whatever may start, and wakes up again when that could change by time alone. */
  #pump(): void {
    clearTimeout(this.#timer);
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

  #wakeAt(timeMs: number): void {
    if (!Number.isFinite(timeMs)) return;
    const delayMs = Math.min(Math.max(0, timeMs - monotonicMs()), timerMsMax);
    this.#timer = setTimeout(() => this.#pump(), delayMs);
  }

  #start({ members, rows, closedBy }: Batch<Part>): void {
    this.#running += 1;
    const facts: BatchFacts = {
      ...{ spanId: randomBytes(8), rows, requests: members.length, closedBy },
      ...{ startedUs: wallUs(), endedUs: 0, isTraced: false },
    };
    const parts = members.map((member) => member.value);
    const submittedMs = Math.min(...parts.map(({ progress }) => progress.submittedMs));
    this.#queueWaitUs = Math.round((monotonicMs() - submittedMs) * 1000);
    this.#modules.events.batchStarted(rows, closedBy);
    for (const part of parts) {
      part.progress.start(part, facts);
      this.#offerNext(part.progress);
    }
    this.#modules.announce();
    setImmediate(async () => {
      await this.#run(parts, facts);
      this.#running -= 1;
      this.#pump();
    });
  }

  /** Runs parts together, or in halves where that fails. Never rejects. */
  async #run(parts: readonly Part[], facts: BatchFacts): Promise<void> {
    const live = parts.filter(({ progress }) => !progress.isOver);
    if (live.length === 0) return;
    const result = await this.#runTogether(live).catch(Failure.from);
    facts.endedUs = wallUs();
    if (!(result instanceof Failure)) {
      for (const [index, part] of live.entries()) {
        part.progress.finish(part, result.outputs[index] ?? [], result.runUs);
      }
      return;
    }
    // Without its thread there is nothing to run halves on.
    if (live.length === 1 || result.code === "unavailable") {
      for (const { progress } of live) this.#fail(progress, result);
      return;
    }
    this.#modules.events.batchSplit(live.length, result.message);
    const middle = Math.ceil(live.length / 2);
    await this.#run(live.slice(0, middle), facts);
    await this.#run(live.slice(middle), facts);
  }

  /** The outputs of each part. */
  async #runTogether(parts: readonly Part[]) {
    const [first] = parts;
    const names = first?.progress.job.outputs ?? [];
    const result = await this.#modules.host.run({ inputs: stackInputs(parts), outputs: names });
    const runUs = Math.round(result.runUs);
    const isWhole = parts.length === 1 && first?.progress.isWhole === true;
    // A request that ran whole gets what the model gave, however many rows that has.
    return { runUs, outputs: isWhole ? [result.outputs] : sliceOutputs(result.outputs, parts) };
  }

  #fail(progress: JobProgress, failure: Failure): void {
    this.#dropWaiting(progress);
    progress.fail(failure);
  }

  #dropWaiting(progress: JobProgress): void {
    for (const id of progress.waiting) this.#batcher.cancel(id);
    progress.waiting.clear();
  }

  #expire(expired: readonly Expired<Part>[]): void {
    const { queueTimeoutMs } = this.#spec.batching;
    for (const { value, reason } of expired) {
      value.progress.waiting.delete(value.id);
      const failure =
        reason === "deadline"
          ? new Failure("deadline-exceeded", "the deadline passed while the request was queued")
          : new Failure("resource-exhausted", `waited ${queueTimeoutMs} ms for a batch, the limit`);
      this.#fail(value.progress, failure);
    }
  }
}
