/**
 * Drives the batcher with the clock and the inference threads.
 *
 * 1. A job larger than a batch runs in parts, which are joined. Only a few of them wait at a time:
 *    the next one queues when one starts, so that other jobs have their turns.
 * 2. While a thread runs one batch the next one forms. When a thread frees, whatever the batcher
 *    closes starts; only then, unless runs are short, are the replies of the batch before written.
 * 3. A batch is announced first and posted to its thread one turn of the event loop later: should
 *    it bring the process down, the gateways know which requests were in it.
 * 4. A batch that fails is run again in halves, until only the request that cannot run gets the
 *    error.
 * 5. Of a bulk job single rows may fail: a part of it that cannot be run by itself waits again as
 *    two halves. Bulk jobs wait in a line of their own, of which the batcher gets what keeps the
 *    threads busy, so that what somebody waits for finds room.
 * 6. How long runs take is told to the batcher, which closes batches accordingly.
 */
import { randomBytes } from "node:crypto";
import { type Batch, Batcher, type Expired } from "#core/batching/batcher.ts";
import { batchKey } from "#core/batching/key.ts";
import { splitRows } from "#core/batching/split.ts";
import { Failure } from "#core/failure.ts";
import type { ModelSpec } from "#core/model/spec.ts";
import { Alarm } from "#platform/alarm.ts";
import { monotonicMs, wallUs } from "#platform/clock.ts";
import { BulkLine, partsWaitingMax } from "./bulk-line.ts";
import type { WorkerEvents } from "./events.ts";
import { toFailure } from "./expired.ts";
import type { InferenceHost } from "./inference-host.ts";
import { type Job, JobProgress, type Part } from "./job.ts";
import { isClean, isShortRun, type PartEnd, PartRunner } from "./part-runner.ts";
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

type RunningBatch = {
  readonly batch: Batch<Part>;
  readonly closedMs: number;
  readonly parts: readonly Part[];
  readonly facts: BatchFacts;
};

export class BatchRunner implements Disposable {
  readonly #spec: ModelSpec;
  readonly #modules: BatchRunnerModules;
  readonly #batcher: Batcher<Part>;
  readonly #parts: PartRunner;
  readonly #bulk: BulkLine;
  readonly #alarm = new Alarm(() => this.#pump());
  #running = 0;
  #queueWaitUs = 0;
  #isPumpDue = false;
  #isDisposed = false;

  constructor(modules: BatchRunnerModules) {
    this.#modules = modules;
    this.#spec = modules.host.spec;
    const { batching, batched } = this.#spec;
    this.#batcher = new Batcher({ ...batching, together: batched.enabled });
    this.#parts = new PartRunner(modules);
    this.#bulk = new BulkLine(this.#spec);
  }

  get waitingRows(): number {
    return this.#batcher.waitingRows;
  }

  /** Those of them that count against `queueRowsMax`: bulk jobs take no room from others. */
  get queuedRows(): number {
    return this.#batcher.waitingRows - this.#bulk.rows;
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
    const isBulk = job.failures !== undefined;
    if (!isBulk && !this.#batcher.hasRoom(job.rows, this.queuedRows)) return "full";
    const { batched, batching, instances } = this.#spec;
    const whole = [{ from: 0, to: job.rows }];
    const ranges = batched.enabled ? splitRows(job.rows, batching.rowsMax) : whole;
    const progress = new JobProgress(job, ranges, monotonicMs());
    if (isBulk) {
      this.#bulk.add(progress);
      this.#offerBulk();
    } else {
      for (let part = 0; part < partsWaitingMax * instances; part += 1) this.#offerNext(progress);
    }
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
    this.#alarm.clear();
  }

  #offerNext(progress: JobProgress): void {
    const part = progress.nextPart();
    if (part !== undefined) this.#offer(part);
  }

  /** Has as much of the bulk jobs wait as keeps the threads busy. */
  #offerBulk(): void {
    for (let part = this.#bulk.next(); part !== undefined; part = this.#bulk.next()) {
      this.#offer(part);
    }
  }

  #offer(part: Part): void {
    const { progress, range, inputs, isHalf } = part;
    const { deadlineMs, priority, outputs } = progress.job;
    const alone = progress.job.alone || isHalf;
    const rows = range.to - range.from;
    this.#bulk.offered(part);
    const offer = {
      key: batchKey(inputs, outputs),
      rows,
      deadlineMs,
      priority,
      alone,
      value: part,
    };
    progress.waiting.push(this.#batcher.offer(offer, monotonicMs()));
    this.#pumpSoon();
  }

  /** Starts whatever may start, and wakes up again when that could change by time alone. */
  #pump(): void {
    // What runs comes to its end also then.
    if (this.#isDisposed) return;
    while (this.#running < this.#spec.instances) {
      const next = this.#batcher.next(monotonicMs());
      this.#expire(next.expired);
      if (next.kind !== "batch") {
        if (next.kind === "wait") this.#alarm.setAt(next.untilMs);
        return;
      }
      this.#start(next.batch);
    }
    this.#expire(this.#batcher.expire(monotonicMs()));
    this.#alarm.setAt(this.#batcher.expiresMs);
  }

  /** Once what is being done has been done: of requests that come together none goes ahead. */
  #pumpSoon(): void {
    if (this.#isPumpDue) return;
    this.#isPumpDue = true;
    queueMicrotask(() => {
      this.#isPumpDue = false;
      this.#pump();
    });
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
      this.#bulk.hasLeft(part);
      if (!part.progress.isBulk) this.#offerNext(part.progress);
    }
    this.#offerBulk();
    this.#modules.announce();
    setImmediate(() => void this.#run({ batch, closedMs, parts, facts }));
  }

  /** Runs a batch, and hands its thread on before the replies are written. Never rejects. */
  async #run({ batch, closedMs, parts, facts }: RunningBatch): Promise<void> {
    const live = parts.filter(({ progress }) => !progress.isOver);
    const results = live.length === 0 ? [] : await this.#parts.run(live);
    facts.endedUs = wallUs();
    this.#running -= 1;
    // A batch that failed, or is not what it was, says nothing of how long others take.
    if (live.length === parts.length && results.every(isClean)) {
      const now = monotonicMs();
      this.#batcher.ran(batch, now - closedMs, now);
    }
    // After a short run the replies travel in the message that announces the next one.
    const isShort = results.every(isShortRun);
    if (isShort) this.#finish(results);
    const before = this.#running;
    this.#pump();
    if (isShort) return;
    // What was started is posted first: its thread waits for it.
    if (this.#running === before) this.#finish(results);
    else setImmediate(() => this.#finish(results));
  }

  #finish(ends: readonly PartEnd[]): void {
    for (const { part, result } of ends) {
      if (!(result instanceof Failure)) part.progress.finish(part, result);
      else if (this.#isOfRows(part, result)) this.#failRows(part, result);
      else this.#fail(part.progress, result);
    }
  }

  /** Whether it may be single rows of a part that the model fails on. */
  #isOfRows({ progress }: Part, { code }: Failure): boolean {
    return progress.isBulk && this.#spec.batched.enabled && code === "internal";
  }

  #failRows(part: Part, failure: Failure): void {
    const { progress } = part;
    if (progress.isOver) return;
    if (!progress.mayHalve(part)) {
      progress.failRows(part, failure);
      return;
    }
    for (const half of progress.halve(part)) this.#offer(half);
  }

  #fail(progress: JobProgress, failure: Failure): void {
    this.#dropWaiting(progress);
    progress.fail(failure);
  }

  #dropWaiting(progress: JobProgress): void {
    const now = monotonicMs();
    for (const each of progress.waiting.splice(0)) {
      if (this.#batcher.cancel(each, now)) this.#bulk.hasLeft(each.offer.value);
    }
    this.#bulk.remove(progress);
    this.#offerBulk();
  }

  #expire(expired: readonly Expired<Part>[]): void {
    for (const { value, reason } of expired) {
      value.progress.waitsNoMore(value);
      this.#bulk.hasLeft(value);
      // Bulk waits for as long as there is something else to do.
      if (value.progress.isBulk && reason === "timeout") this.#offer(value);
      else this.#fail(value.progress, toFailure(reason, this.#spec.batching));
    }
  }
}
