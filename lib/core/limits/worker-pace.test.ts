import { describe, expect, it } from "vitest";
import { assert } from "#core/assert.ts";
import { Batcher } from "#core/batching/batcher.ts";
import { type Draw, seededDraw } from "#core/random.ts";
import { tooLong } from "./queue-wait.ts";
import { ServiceRate } from "./service-rate.ts";
import { WorkerPace } from "./worker-pace.ts";

describe("the pace of a worker", () => {
  it("is not known before the worker knows what a run takes", () => {
    const pace = new WorkerPace();
    expect(pace.perMs(64)).toBeUndefined();
    pace.told(80_000);
    expect(pace.perMs(64)).toBeCloseTo(0.8);
  });

  it("counts requests by the rows they have", () => {
    const pace = new WorkerPace();
    pace.told(80_000);
    for (let reply = 0; reply < 10; reply += 1) pace.answered(4);
    expect(pace.perMs(64)).toBeCloseTo(0.2);
    for (let reply = 0; reply < 1_000; reply += 1) pace.answered(0);
    expect(pace.perMs(64)).toBeCloseTo(0.8);
  });
});

type Call = { readonly deadlineMs: number };

const rowsMax = 64;
/** Two full batches. */
const creditMax = 2 * rowsMax;
const deadlineMs = 500;
const loadMs = 10_000;
const batching = {
  ...{ rowsMax, rowsPreferred: [], queueDelayMs: 0, queueRowsMax: 0, queueTimeoutMs: 0 },
  ...{ priorityLevels: 0, together: true },
};

type Machine = {
  readonly draw: Draw;
  /** What a full batch takes, and the part of it that every batch takes. */
  readonly runMs: number;
  readonly fixedShare: number;
  /** How much run times vary, and whether the gateway hears of them. */
  readonly spread: number;
  readonly isTold: boolean;
};

/** A gateway's queue before a worker that batches for deadlines. */
class Line {
  readonly #machine: Machine;
  /** All have as long, so that the first to come is the first to be due. */
  readonly #queue: Call[] = [];
  readonly #batcher = new Batcher<Call>(batching);
  readonly #rate = new ServiceRate();
  readonly #pace = new WorkerPace();
  #inFlight = 0;
  #running: NonNullable<ReturnType<Line["start"]>> | undefined;
  inTime = 0;
  late = 0;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  get endsMs(): number {
    return this.#running?.endsMs ?? Number.POSITIVE_INFINITY;
  }

  arrive(nowMs: number): void {
    const call = { deadlineMs: nowMs + deadlineMs };
    const told = this.#pace.perMs(rowsMax) ?? Number.POSITIVE_INFINITY;
    const seen = this.#rate.perMs(1) ?? Number.POSITIVE_INFINITY;
    const perMs = Math.min(told, seen);
    const ahead = this.#queue.length + this.#inFlight;
    if (tooLong({ ahead, perMs, leftMs: deadlineMs }) !== undefined) return;
    this.#queue.push(call);
    this.#goOn(nowMs);
  }

  end(): void {
    assert(this.#running !== undefined, "something runs");
    const { batch, startedMs, endsMs } = this.#running;
    this.#running = undefined;
    this.#batcher.ran(batch, endsMs - startedMs, endsMs);
    if (this.#machine.isTold) this.#pace.told(this.#batcher.fullRunMs(endsMs) * 1_000);
    for (const { value } of batch.members) {
      this.#inFlight -= 1;
      this.#rate.answered();
      this.#pace.answered(1);
      if (value.deadlineMs >= endsMs) this.inTime += 1;
      else this.late += 1;
    }
    this.#goOn(endsMs);
  }

  /** Gives the worker what it may have, and has it run what it can. */
  #goOn(nowMs: number): void {
    for (let hasRoom = true; hasRoom; ) {
      this.#give(nowMs);
      const before = this.#inFlight;
      this.#running ??= this.start(nowMs);
      hasRoom = this.#inFlight < before;
    }
    this.#rate.mark(this.#queue.length > 0 ? 1 : 0, nowMs);
  }

  #give(nowMs: number): void {
    while (this.#inFlight < creditMax) {
      const call = this.#queue.shift();
      if (call === undefined) return;
      if (call.deadlineMs <= nowMs) this.late += 1;
      else {
        this.#inFlight += 1;
        const offer = { key: "", rows: 1, priority: 0, alone: false, value: call };
        this.#batcher.offer({ ...offer, deadlineMs: call.deadlineMs }, nowMs);
      }
    }
  }

  start(nowMs: number) {
    const next = this.#batcher.next(nowMs);
    this.#inFlight -= next.expired.length;
    this.late += next.expired.length;
    if (next.kind !== "batch") return undefined;
    const { runMs, fixedShare, spread, draw } = this.#machine;
    const share = fixedShare + (1 - fixedShare) * (next.batch.rows / rowsMax);
    const takesMs = runMs * share * (1 + spread * (2 * draw() - 1));
    return { batch: next.batch, startedMs: nowMs, endsMs: nowMs + takesMs };
  }
}

/** Twice as many calls as can be answered; shares of what can. */
function overload(machine: Omit<Machine, "draw"> & { readonly seed: number }) {
  const draw = seededDraw(machine.seed);
  const line = new Line({ ...machine, draw });
  const peakPerMs = rowsMax / machine.runMs;
  for (let nowMs = 0; nowMs < loadMs; ) {
    const nextMs = nowMs - Math.log(1 - draw()) / (2 * peakPerMs);
    while (line.endsMs <= nextMs) line.end();
    nowMs = nextMs;
    line.arrive(nowMs);
  }
  const peak = peakPerMs * loadMs;
  return { inTime: line.inTime / peak, late: line.late / peak };
}

describe("a worker that batches for deadlines, at twice its capacity", () => {
  const machines = [80, 150, 250, 350].flatMap((runMs) =>
    [0, 0.3].flatMap((spread) => [1, 2].map((seed) => ({ runMs, spread, seed }))),
  );

  it.each(machines)("has most answered in time: $runMs ms ± $spread, seed $seed", (machine) => {
    const { inTime, late } = overload({ ...machine, fixedShare: 0.1, isTold: true });
    // Where two batches take longer than the deadline, they cannot be full.
    expect(inTime).toBeGreaterThan(machine.runMs * 2 > deadlineMs ? 0.75 : 0.85);
    expect(late).toBeLessThan(0.07);
  });

  it("would take many calls for nothing if it did not tell how long runs take", () => {
    const machine = { runMs: 350, spread: 0.3, seed: 1, fixedShare: 0.1 };
    expect(overload({ ...machine, isTold: false }).late).toBeGreaterThan(0.4);
  });
});
